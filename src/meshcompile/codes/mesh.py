"""What can be wrong with a mesh as a whole."""

from meshcompile.diagnostics import Code, Severity

DUPLICATE_RESOURCE = Code(
    "MC0301",
    "duplicate-resource",
    Severity.WARNING,
    "{kind} {namespace}/{name} is defined again; this later definition replaces the earlier one",
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
