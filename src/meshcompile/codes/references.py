"""Codes of references between objects: istioctl's codes."""

from meshcompile.diagnostics import Code, Severity

NOT_FOUND = Code(
    "IST0101",
    "referenced-resource-not-found",
    Severity.ERROR,
    "{problem}, so {effect}",
    """An object names something that does not exist: the host, port or subset of a destination, a Gateway, workload
labels, a Secret, or a namespace. Istio accepts the object, but whatever depends on the reference does not work.

A host without a dot is the name of a Service in the namespace of the VirtualService that names it. Istio uses a
host with a dot as written: `catalog.shop` is not `catalog.shop.svc.cluster.local`. A DestinationRule for the
same host must define the subset. Envoy answers with 503 and logs `NC` when a route leads to a cluster that it
does not have.

If another repository defines the Pods, Services or namespaces, add them to the input. Otherwise these findings
report an incomplete input and not a mistake. The annotation `galley.istio.io/analyze-suppress: IST0101` on an
object silences the finding for that object.""",
)
PORT_REQUIRED = Code(
    "IST0112",
    "destination-port-required",
    Severity.WARNING,
    "host `{host}` has the ports {ports} and this destination names none: traffic keeps the port on which it arrived, "
    "and when `{host}` does not have that port, {effect}",
    "A destination without a port uses the only port of its service. If the service has several ports, Istio uses the "
    "port on which the request arrived. At a gateway, that is the gateway's own port. Name the port.",
)
INTERNAL_GATEWAY = Code(
    "IST0165",
    "internal-gateway-reference",
    Severity.WARNING,
    "`{gateway}` names a Gateway that istiod generates from a Gateway API Gateway, so its name can change at any time",
    "istiod converts Gateway API Gateways to Istio Gateways with generated names. Use an HTTPRoute with `parentRefs`, "
    "or create an Istio Gateway.",
)
HOSTS_NOT_IN_GATEWAY = Code(
    "IST0132",
    "host-not-in-gateway",
    Severity.WARNING,
    "{problem}, so {effect}",
    "A Gateway takes the routes of a VirtualService only for hosts that one of its servers lists. A server can limit a "
    "host to VirtualServices of one namespace (`shop/web.example`). Add the host to a server, or name another Gateway.",
)
CONFLICTING_HOSTS = Code(
    "IST0109",
    "conflicting-virtual-service-hosts",
    Severity.ERROR,
    "{problem}: {effect}",
    "Sidecars use the rules of only one VirtualService for a host: the oldest one that they see. VirtualServices that "
    "are in their own namespace, or that are exported to it by name, take precedence. Sidecars never use the rules of "
    "the others. Merge them into one VirtualService, or delegate. Gateways merge VirtualServices for one host instead.",
)
SEVERAL_SIDECARS_FOR_WORKLOAD = Code(
    "IST0110",
    "conflicting-sidecar-selectors",
    Severity.ERROR,
    "Sidecars {names} of namespace {namespace} all select Pod {pod}, which uses only the oldest, {used}",
    "A workload uses one Sidecar. Change the selectors so that no workload matches more than one.",
)
SEVERAL_SIDECARS_FOR_NAMESPACE = Code(
    "IST0111",
    "several-sidecars-without-selector",
    Severity.ERROR,
    "Sidecars {names} of namespace {namespace} have no workloadSelector, and Istio uses only the oldest, {used}",
    "A namespace has one Sidecar without a selector. It applies to all workloads that no other Sidecar selects. Merge "
    "them.",
)
NO_VERIFICATION = Code(
    "IST0128",
    "no-server-verification",
    Severity.WARNING,
    "TLS mode {mode} without `caCertificates`: for {host}, proxies {effect}",
    "Without `caCertificates`, proxies verify servers with the public certificate authorities in their image "
    "(`/etc/ssl/certs`). This accepts any server with a public certificate for the requested names. Name a file with "
    "the authority's certificate, or use `credentialName` in a rule with a `workloadSelector`.",
)
NO_VERIFICATION_AT_PORT = Code(
    "IST0129",
    "no-server-verification-at-port",
    Severity.WARNING,
    "TLS mode {mode} of port {port} without `caCertificates`: for {host}, proxies {effect}",
    "This is IST0128 for the settings of one port. Name a file with the authority's certificate in `caCertificates`, "
    "or use `credentialName` in a rule with a `workloadSelector`.",
)
ADDRESSES_REQUIRED = Code(
    "IST0134",
    "service-entry-addresses-required",
    Severity.WARNING,
    "port {port} speaks {protocol} and the ServiceEntry has no `addresses`, so {effect}",
    "TCP connections carry no host name. A sidecar tells them apart by address and port; without an address it has "
    "only the port. Give the ServiceEntry `addresses`. Alternatively, let proxies resolve DNS "
    "(`ISTIO_META_DNS_CAPTURE` in `defaultConfig.proxyMetadata`): istiod then allocates addresses.",
)
RELATIVE_PATCH = Code(
    "IST0151",
    "relative-patch-without-priority",
    Severity.WARNING,
    "INSERT_BEFORE, INSERT_AFTER, REPLACE and REMOVE depend on other patches, and this EnvoyFilter has no `priority`, "
    "so age and name decide its order",
    "Istio applies EnvoyFilters by priority, then by age, then by name. INSERT_BEFORE, INSERT_AFTER, REPLACE and "
    "REMOVE refer to something that another EnvoyFilter may add or remove. Set `priority`, or use INSERT_FIRST or ADD.",
)
RELATIVE_PATCH_OF_VERSION = Code(
    "IST0155",
    "relative-patch-of-proxy-version",
    Severity.WARNING,
    "a patch that depends on other patches is for a filter that another patch changes for some proxy versions only: "
    "without `priority`, age and name decide the order, which may change in an upgrade",
    "This is IST0151 for an EnvoyFilter with a patch that has a `proxyVersion`. Set `priority`, or use INSERT_FIRST or "
    "ADD.",
)
REPLACE_MISPLACED = Code(
    "IST0152",
    "replace-without-effect",
    Severity.ERROR,
    "REPLACE can only replace filters and virtual hosts: {problem}",
    "Use MERGE to change part of an object, or REMOVE and ADD.",
)
ADD_MISPLACED = Code(
    "IST0153",
    "add-without-effect",
    Severity.ERROR,
    "ADD is not for route configurations, which support only MERGE: {problem}",
    "Use MERGE, or apply the patch to VIRTUAL_HOST or HTTP_ROUTE. istioctl reports HTTP_ROUTE too, although istiod "
    "appends the route: such a finding is an info here.",
)
REMOVE_MISPLACED = Code(
    "IST0154",
    "remove-without-effect",
    Severity.ERROR,
    "REMOVE is not for route configurations, which support only MERGE: {problem}",
    "Apply the patch to VIRTUAL_HOST or HTTP_ROUTE. istioctl reports HTTP_ROUTE too, although istiod removes the "
    "route: such a finding is an info here.",
)
GATEWAY_PORT_NOT_ON_SERVICE = Code(
    "IST0162",
    "gateway-port-not-on-service",
    Severity.WARNING,
    "no Service of the Pods that this Gateway selects forwards to port {port}, so clients reach it only at the Pods' "
    "own addresses",
    "The port of a Gateway's server is one of two: a port of the Service in front of its Pods, or the Pod port that "
    "such a Service forwards to (`targetPort`). Add the port to the Service, or use a port that the Service has.",
)
IDLE_IN_AMBIENT_MODE = Code(
    "IST0167",
    "sidecar-in-ambient-mode",
    Severity.WARNING,
    "{what} is in ambient mode, so this Sidecar has no effect on it",
    """Traffic in ambient mode passes ztunnel and waypoints, which read no Sidecar. Delete it, or give the workloads
sidecars.""",
)
DUPLICATE_CERTIFICATE = Code(
    "IST0138",
    "duplicate-gateway-certificate",
    Severity.WARNING,
    "Gateway {other} has the same certificate for the same workloads: a browser that reuses one HTTP/2 connection for "
    "hosts of both gets 404 NR",
    """A browser sends requests for all hosts of a certificate on one HTTP/2 connection. Envoy chose the filter chain,
and so the Gateway, when the connection was opened, and the routes of that Gateway lack the hosts of the other. Put the
hosts into one server, or use one certificate per Gateway.""",
)
CONFLICTING_GATEWAYS = Code(
    "IST0145",
    "conflicting-gateways",
    Severity.ERROR,
    "port {port} of the workloads with labels {selector} has {hosts} from {others} too, so {effect}",
    """Istio merges all Gateways that select a workload. If two have the same host on the same port with TLS, the older
one gets it, and Istio drops the server of the other one with all its hosts. Without TLS, HTTP requests for the host use
the VirtualServices of both. Keep the host in one of them.""",
)
SUBSETS_ONLY_IN_MESH = Code(
    "IST0140",
    "subsets-without-effect-at-gateway",
    Severity.WARNING,
    "VirtualService {other} sends requests for `{host}` to subsets, but these rules of a gateway route to the whole "
    "host, so requests that come through the gateway bypass them",
    """A gateway routes a request once, by the VirtualServices that are bound to it. Rules of sidecars for the
destination do not apply to what the gateway sends. Add the gateway to the VirtualService with the subsets, or name the
subset in both.""",
)
INVALID_CREDENTIAL = Code(
    "IST0161",
    "invalid-gateway-credential",
    Severity.ERROR,
    "Secret {secret} {problem}, so TLS connections to port {port} are closed",
    """Istio takes the certificate from `tls.crt` and the key from `tls.key`, or from `cert` and `key`. The certificate
is in PEM. Create the Secret with `kubectl create secret tls`.""",
)
