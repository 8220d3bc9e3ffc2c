"""Codes of a mesh as a whole: MC03xx."""

from meshcompile.diagnostics import Code, Severity

DUPLICATE_RESOURCE = Code(
    "MC0301",
    "duplicate-resource",
    Severity.WARNING,
    "{kind} {resource} is defined again; this later definition replaces the earlier one",
    "Two objects have the same kind, namespace and name. When they are applied to a cluster in this order, the later "
    "one replaces the earlier one. Remove one of them, or rename it. If a file describes another cluster, name it with "
    "`--remote-cluster NAME=PATH`.",
)
INVALID_MESH_CONFIG = Code(
    "MC0302",
    "invalid-mesh-config",
    Severity.ERROR,
    "mesh config: {problem}",
    "The mesh config cannot be read, so every setting keeps its default. Provide one of these: a MeshConfig, the "
    "ConfigMap `istio`, an IstioOperator with `spec.meshConfig`, or Helm values with `meshConfig`.",
)
UNSUPPORTED_AMBIENT = Code(
    "MC0303",
    "unsupported-ambient",
    Severity.WARNING,
    "istiod serves no Gateway of the class `{what}` by default",
    "Ambient meshes across networks need the feature flag `AMBIENT_ENABLE_MULTI_NETWORK` of istiod, which is off by "
    "default and which meshcompile does not have. Without it, the class `istio-east-west` does not exist.",
)
MESH_CONFIG_FROM = Code(
    "MC0304",
    "mesh-config-from",
    Severity.INFO,
    "using the mesh config of {what}",
    "An IstioOperator or Helm values hold the mesh config that the installation writes to the ConfigMap `istio`. In an "
    "IstioOperator, `spec.values.meshConfig` overrides `spec.meshConfig` field by field. Its other settings are not "
    "read. To include the gateways that it installs, add the output of `istioctl manifest generate`.",
)
MESH_CONFIG_NOT_USED = Code(
    "MC0305",
    "mesh-config-not-used",
    Severity.INFO,
    "this mesh config is not used: {what} takes precedence",
    "Several objects in the input hold a mesh config. The ConfigMap `istio` takes precedence over an IstioOperator, "
    "because istiod reads the ConfigMap. An IstioOperator without a revision takes precedence over one with a "
    "revision; ties are resolved by namespace and name. `--mesh-config` overrides all of them.",
)
AMBIENT_NOT_SAID = Code(
    "MC0306",
    "ambient-not-said",
    Severity.WARNING,
    "namespace `{namespace}` is in ambient mode, but the mesh is compiled without it",
    "Only istiod with `PILOT_ENABLE_AMBIENT=true` sends proxies what they need to reach workloads in ambient mode. No "
    "object says whether it runs like this, so you have to: with `--ambient`, with `ambient: true` in "
    "`meshcompile.yaml`, or with `load(..., ambient=True)`. Without it, proxies reach these workloads in plain text.",
)
