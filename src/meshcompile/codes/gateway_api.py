"""Codes of the Gateway API: MC19xx."""

from meshcompile.diagnostics import Code, Severity

LISTENER_NOT_PROGRAMMED = Code(
    "MC1901",
    "listener-not-programmed",
    Severity.WARNING,
    "listener `{listener}` is left out: {problem}",
    "istiod opens no port for a listener whose protocol it does not support or whose certificates it cannot read. The "
    "status of the Gateway says so in the conditions Accepted, ResolvedRefs and Programmed of the listener.",
)
ROUTE_NOT_ATTACHED = Code(
    "MC1902",
    "route-not-attached",
    Severity.WARNING,
    "this {kind} does not attach to {parent}: {problem}",
    "A route takes part only where a listener accepts it: by section name and port, by hostname, by the namespace of "
    "the route and by its kind. The status of the route says so in the condition Accepted of the parent.",
)
NO_SUCH_PARENT = Code(
    "MC1903",
    "no-such-parent",
    Severity.WARNING,
    "there is no {parent} that Istio serves, so this {kind} does not attach to it",
    "The Gateway or ListenerSet does not exist, or its class belongs to another controller. istiod ignores such a "
    "reference and writes no status for it.",
)
ROUTE_INVALID = Code(
    "MC1904",
    "route-invalid",
    Severity.WARNING,
    "all rules of this {kind} are dropped: {problem}",
    "istiod drops every rule of a route if one of them is invalid: a backend without a port, a dotted name of a "
    "Service, or a filter that Istio does not support. The status says so in the condition ResolvedRefs.",
)
BACKEND_INVALID = Code(
    "MC1905",
    "backend-invalid",
    Severity.WARNING,
    "{consequence}: {problem}",
    "The Service does not exist, its kind is not supported, or no ReferenceGrant in its namespace allows the "
    "reference. Envoy answers the share of the requests that would go to it with 500, "
    "and closes the share of the connections.",
)
MIRROR_INVALID = Code(
    "MC1912",
    "mirror-invalid",
    Severity.WARNING,
    "no requests are mirrored to this backend: {problem}",
    "The Service does not exist, its kind is not supported, or no ReferenceGrant in its namespace allows the "
    "reference. Requests go on without a mirror.",
)
POLICY_WITHOUT_TARGET = Code(
    "MC1906",
    "policy-without-target",
    Severity.WARNING,
    "this {kind} has no effect on {target}: {problem}",
    "A policy applies to Services, and a BackendTLSPolicy also to ServiceEntries, of its own namespace. An older "
    "BackendTLSPolicy for the same target wins.",
)
AUTHORITY_INVALID = Code(
    "MC1907",
    "backend-authority-invalid",
    Severity.WARNING,
    "connections to the targets of this BackendTLSPolicy fail: {problem}",
    "istiod configures a certificate that never matches if it cannot read the authorities of the backend. It reads "
    "them from the key `ca.crt` of a ConfigMap in the policy's namespace.",
)
ALPHA_KIND = Code(
    "MC1908",
    "alpha-kind",
    Severity.WARNING,
    "istiod does not read objects of kind {kind} unless `PILOT_ENABLE_ALPHA_GATEWAY_API` is true",
    "TCPRoute, TCP listeners and XBackendTrafficPolicy are alpha in Istio. Set the environment variable on istiod, and "
    "give it to meshcompile with `--feature PILOT_ENABLE_ALPHA_GATEWAY_API=true`.",
)
UDP_ROUTE = Code(
    "MC1909",
    "udp-route",
    Severity.WARNING,
    "istiod does not read UDPRoutes",
    "Istio's proxies do not route UDP. The object has no effect.",
)
OUTSIDE_SCHEMA = Code(
    "MC1910",
    "outside-schema",
    Severity.ERROR,
    "`{field}` {problem}",
    "The API server refuses an object that its schema does not allow. meshcompile reads it like istiod would, with "
    "zero values for what is missing, so that the output is as complete as possible.",
)
ADDRESS_FORM = Code(
    "MC1911",
    "address-form",
    Severity.ERROR,
    "`{field}` is `{found}`, which is not an IP address: set `type: Hostname` for the host of a Service",
    "The type of an address is IPAddress unless the object says otherwise. The API server refuses the Gateway, so it "
    "takes no part.",
)
LISTENER_SET_REFUSED = Code(
    "MC1913",
    "listener-set-refused",
    Severity.WARNING,
    "the listeners of this ListenerSet are left out: {problem}",
    "A Gateway takes the listeners of a ListenerSet only from the namespaces in its `spec.allowedListeners`, which by "
    "default are none. Waypoints and Gateways of other clusters take none. The status of the ListenerSet says so in "
    "the conditions Accepted and Programmed.",
)
NOT_DEPLOYED = Code(
    "MC1914",
    "gateway-not-deployed",
    Severity.WARNING,
    "istiod makes no Deployment and no Service for this Gateway: {problem}",
    "istiod reads the overlays for the proxies of a Gateway from the ConfigMap in `spec.infrastructure.parametersRef`, "
    "and from the ConfigMap with the defaults of the class. If it cannot apply them, it makes nothing, and says so "
    "only in its log.",
)
BACKEND_NAME_UNCHECKED = Code(
    "MC1915",
    "backend-name-unchecked",
    Severity.WARNING,
    "Istio does not compare `{hostname}` with the certificate of the backend: any certificate of the authority is good",
    "The Gateway API asks that the certificate has the name in `validation.hostname`. istiod only sends the name to "
    "the backend, as SNI. Envoy compares names if the policy lists them in `validation.subjectAltNames`.",
)
