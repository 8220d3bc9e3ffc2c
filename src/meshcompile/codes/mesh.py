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
    "The mesh config cannot be read, so the defaults hold for all of it. It may be MeshConfig on its own, the "
    "ConfigMap `istio`, an IstioOperator with `spec.meshConfig`, or Helm values with `meshConfig`.",
)
UNSUPPORTED_AMBIENT = Code(
    "MC0303",
    "unsupported-ambient",
    Severity.WARNING,
    "ambient mode is not supported: sidecars and gateways are compiled as in a mesh without it",
    "In an ambient mesh istiod sends sidecars and gateways clusters, endpoints and listeners for tunnels (HBONE), and "
    "configures waypoints and ztunnel. None of this is compiled.",
)
MESH_CONFIG_FROM = Code(
    "MC0304",
    "mesh-config-from",
    Severity.INFO,
    "the mesh config is that of {what}",
    "An IstioOperator or Helm values hold the mesh config that the installation writes into the ConfigMap `istio`. "
    "Of an IstioOperator, `spec.values.meshConfig` goes over `spec.meshConfig`, field by field. Nothing else of it is "
    "read: the gateways that it installs are part of the output of `istioctl manifest generate`.",
)
MESH_CONFIG_NOT_USED = Code(
    "MC0305",
    "mesh-config-not-used",
    Severity.INFO,
    "the mesh config here is not used: that of {what} holds",
    "Several objects of the input hold a mesh config. The ConfigMap `istio` goes before an IstioOperator, since it is "
    "what istiod reads; an IstioOperator without a revision goes before one with a revision, and then the first by "
    "namespace and name. What is given with `--mesh-config` goes over all of them.",
)
