"""Codes of references between objects: istioctl's own."""

from meshcompile.diagnostics import Code, Severity

NOT_FOUND = Code(
    "IST0101",
    "referenced-resource-not-found",
    Severity.ERROR,
    "{problem}, so {effect}",
    """An object names something that is not there: the host, port or subset of a destination, a Gateway, the labels of
workloads, a Secret, or a namespace. Istio accepts the object, and what depends on the reference does not work.

A host without a dot is the name of a Service in the namespace of the VirtualService that names it. A host with a dot is
taken as it is: `catalog.shop` is not `catalog.shop.svc.cluster.local`. A subset has to be defined by a DestinationRule
for the same host. `503 NC` is what Envoy answers and logs when a route leads to a cluster that it does not have.

Pods, Services and namespaces that another repository defines must be part of the input, or these findings are about
what the input lacks rather than about a mistake. The annotation `galley.istio.io/analyze-suppress: IST0101` on an
object silences the finding for that object.""",
)
PORT_REQUIRED = Code(
    "IST0112",
    "destination-port-required",
    Severity.WARNING,
    "host `{host}` has the ports {ports} and this destination names none: traffic keeps the port that it came in on, "
    "and when `{host}` does not have that port, {effect}",
    "A destination without a port goes to the only port of its service. When the service has several, Istio keeps the "
    "port on which the request arrived, which at a gateway is the gateway's own port. Name the port.",
)
INTERNAL_GATEWAY = Code(
    "IST0165",
    "internal-gateway-reference",
    Severity.WARNING,
    "`{gateway}` names a Gateway that istiod makes of a Gateway API Gateway, so its name can change at any time",
    "istiod turns Gateways of the Gateway API into Istio Gateways with generated names. Use an HTTPRoute with "
    "`parentRefs`, or an Istio Gateway of your own.",
)
HOSTS_NOT_IN_GATEWAY = Code(
    "IST0132",
    "host-not-in-gateway",
    Severity.WARNING,
    "Gateway {gateway} serves none of the hosts {hosts}, so it answers requests for them with 404 NR",
    "A Gateway takes the routes of a VirtualService only for hosts that one of its servers lists. A host of a server "
    "may be limited to VirtualServices of one namespace (`shop/web.example`). Add the host to a server, or name "
    "another Gateway.",
)
CONFLICTING_HOSTS = Code(
    "IST0109",
    "conflicting-virtual-service-hosts",
    Severity.ERROR,
    "VirtualServices {names} all have host {host} for sidecars: {effect}",
    "Sidecars use the rules of one VirtualService for a host: the oldest that they see, those of their own namespace "
    "and those exported to it by name first. The rules of the others are never used. Merge them into one "
    "VirtualService, or delegate. At a Gateway, VirtualServices for one host are joined instead.",
)
SEVERAL_SIDECARS_FOR_WORKLOAD = Code(
    "IST0110",
    "conflicting-sidecar-selectors",
    Severity.ERROR,
    "Sidecars {names} of namespace {namespace} all select Pod {pod}, which uses only the oldest, {used}",
    "A workload uses one Sidecar. Give their selectors labels that no workload has together.",
)
SEVERAL_SIDECARS_FOR_NAMESPACE = Code(
    "IST0111",
    "several-sidecars-without-selector",
    Severity.ERROR,
    "Sidecars {names} of namespace {namespace} have no workloadSelector, and only the oldest, {used}, is used",
    "A namespace has one Sidecar without a selector, for all workloads that no other Sidecar selects. Merge them.",
)
NO_VERIFICATION = Code(
    "IST0128",
    "no-server-verification",
    Severity.WARNING,
    "TLS mode {mode} without `caCertificates`: for {host}, proxies {effect}",
    "Without `caCertificates` proxies check servers against the public authorities that their image brings "
    "(`/etc/ssl/certs`), which accepts any server with a public certificate for the names that are asked for. Name a "
    "file with the authority's certificate, or a `credentialName` in a rule with a `workloadSelector`.",
)
NO_VERIFICATION_AT_PORT = Code(
    "IST0129",
    "no-server-verification-at-port",
    Severity.WARNING,
    "TLS mode {mode} of port {port} without `caCertificates`: for {host}, proxies {effect}",
    "The same as IST0128, for the settings of one port.",
)
ADDRESSES_REQUIRED = Code(
    "IST0134",
    "service-entry-addresses-required",
    Severity.WARNING,
    "port {port} speaks {protocol} and the ServiceEntry has no `addresses`, so {effect}",
    "TCP connections carry no host name. A sidecar tells them apart by address and port; without an address it has "
    "only the port. Give the ServiceEntry `addresses`, or let proxies resolve DNS themselves (`ISTIO_META_DNS_CAPTURE` "
    "in `defaultConfig.proxyMetadata`), with which istiod hands out addresses.",
)
RELATIVE_PATCH = Code(
    "IST0151",
    "relative-patch-without-priority",
    Severity.WARNING,
    "operation {operation} depends on what other patches leave behind, and this EnvoyFilter has no `priority`, so its "
    "turn is decided by age and name",
    "EnvoyFilters are applied by priority, then by age, then by name. INSERT_BEFORE, INSERT_AFTER, REPLACE and REMOVE "
    "look for something that another EnvoyFilter may add or remove. Set `priority`, or use INSERT_FIRST or ADD.",
)
RELATIVE_PATCH_OF_VERSION = Code(
    "IST0155",
    "relative-patch-of-proxy-version",
    Severity.WARNING,
    "operation {operation} depends on what other patches leave behind, and a patch of the same filter is limited to "
    "some proxy versions: without `priority` its turn is decided by age and name, and may change in an upgrade",
    "The same as IST0151, where another patch of that filter has a `proxyVersion`.",
)
REPLACE_MISPLACED = Code(
    "IST0152",
    "replace-without-effect",
    Severity.ERROR,
    "REPLACE has no effect on {apply_to}: it replaces filters and virtual hosts only",
    "Use MERGE to change part of an object, or REMOVE and ADD.",
)
ADD_MISPLACED = Code(
    "IST0153",
    "add-without-effect",
    Severity.ERROR,
    "ADD has no effect on {apply_to}: route configurations can only be merged into",
    "Use MERGE, or apply the patch to VIRTUAL_HOST or HTTP_ROUTE.",
)
REMOVE_MISPLACED = Code(
    "IST0154",
    "remove-without-effect",
    Severity.ERROR,
    "REMOVE has no effect on {apply_to}: route configurations can only be merged into",
    "Apply the patch to VIRTUAL_HOST or HTTP_ROUTE.",
)
GATEWAY_PORT_NOT_ON_SERVICE = Code(
    "IST0162",
    "gateway-port-not-on-service",
    Severity.WARNING,
    "no Service of the Pods that this Gateway selects leads to port {port}, so clients reach it only at the Pods' own "
    "addresses",
    "The port of a Gateway's server is a port of the Service in front of its Pods, or the Pods' own port that such a "
    "Service leads to (`targetPort`). Add the port to the Service, or use one that it has.",
)
