"""What can be wrong with a mesh as a whole."""

from meshcompile.diagnostics import Code, Severity

DUPLICATE_RESOURCE = Code(
    "MC0301",
    "duplicate-resource",
    Severity.WARNING,
    "{kind} {resource} is defined again; this later definition replaces the earlier one",
    "Two objects of the same kind, namespace and name. Applied to a cluster in this order, the later one would replace "
    "the earlier. Remove one of them, or rename it.",
)
INVALID_MESH_CONFIG = Code(
    "MC0302",
    "invalid-mesh-config",
    Severity.ERROR,
    "mesh config: {problem}",
    "The mesh config cannot be read, so the defaults hold for all of it.",
)
UNSUPPORTED_AMBIENT = Code(
    "MC0303",
    "unsupported-ambient",
    Severity.WARNING,
    "ambient mode is not supported: sidecars and gateways are compiled as in a mesh without it",
    "In an ambient mesh istiod sends sidecars and gateways clusters, endpoints and listeners for tunnels (HBONE), and "
    "configures waypoints and ztunnel. None of this is compiled.",
)
