"""Codes of what belongs to Istio's installation: istioctl's codes for webhooks, definitions and the control plane."""

from meshcompile.diagnostics import Code, Severity

UNKNOWN_REGISTRY = Code(
    "IST0126",
    "unknown-service-registry",
    Severity.ERROR,
    "network {network} takes the endpoints of registry `{registry}`, which is no cluster of the mesh",
    "`fromRegistry` names a cluster: the registry `Kubernetes`, or a key of a Secret with the label "
    "`istio/multiCluster`. Endpoints of an unknown registry do not exist, so the network has none of them.",
)
WEBHOOK_CONFLICT = Code(
    "IST0139",
    "invalid-webhook",
    Severity.ERROR,
    "{problem}",
    """Istio's webhooks for injection select namespaces and Pods by labels. If two of them select a Pod, it gets a
sidecar twice. A webhook whose Service does not exist fails, and with `failurePolicy: Fail` no Pod can be created.""",
)
INVALID_CONTROL_PLANE = Code(
    "IST0163",
    "invalid-external-control-plane",
    Severity.WARNING,
    "webhook {webhook} cannot reach a control plane: {problem}",
    """A webhook names the control plane by a Service in the cluster or by the URL of an external one. Without either,
or with a URL that cannot be read, it fails.""",
)
CONTROL_PLANE_BY_ADDRESS = Code(
    "IST0164",
    "external-control-plane-by-address",
    Severity.INFO,
    "webhook {webhook} reaches the external control plane by the address {address}, not by a host name",
    """The certificate of the control plane is issued for a host name, and an address can change. Use a host name.""",
)
UNRESTRICTED_KEYS = Code(
    "IST0175",
    "unrestricted-key-fetches",
    Severity.WARNING,
    "istiod fetches the keys of {count} RequestAuthentications ({names}) from any address: "
    "`BLOCKED_CIDRS_IN_JWKS_URIS` is not set",
    """Whoever may write a RequestAuthentication makes istiod send requests to the host of its `jwksUri`, also to
addresses inside of the cluster. Set `BLOCKED_CIDRS_IN_JWKS_URIS` of istiod to the ranges that it should not reach.""",
)
OLD_GATEWAY_API = Code(
    "IST0176",
    "old-gateway-api-definition",
    Severity.WARNING,
    "{name} is of version {installed} of the Gateway API, and Istio ignores objects of this kind before {minimum}",
    """Istio reads kinds of the Gateway API only from the version on that has the fields it needs. Install the current
definitions.""",
)
