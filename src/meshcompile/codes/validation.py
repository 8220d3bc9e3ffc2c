"""Codes of what Istio refuses in one object, or warns about: MC02xx.

What many kinds share comes first, then kind by kind. An error rejects its object.
"""

from meshcompile.diagnostics import Code, Severity


def _error(id: str, slug: str, template: str, docs: str) -> Code:
    return Code(id, slug, Severity.ERROR, template, docs)


def _warning(id: str, slug: str, template: str, docs: str) -> Code:
    return Code(id, slug, Severity.WARNING, template, docs)


# All kinds

ANNOTATION = _error(
    "MC0201",
    "forbidden-annotation",
    "annotation `{annotation}` {problem}",
    "Some annotations are Istio's own, and `istio.io/dry-run` belongs on AuthorizationPolicies that allow or "
    "deny, with `true` or `false`. Remove the annotation, or correct its value.",
)
MISSING = _error(
    "MC0202",
    "required",
    "`{field}` is missing{reason}",
    "The object means nothing without this field, or without an item in this list.",
)
EXCLUSIVE = _error(
    "MC0203",
    "exclusive-fields",
    "only one of {fields} can be set",
    "These fields say the same thing in different ways, or contradict each other. Keep one of them.",
)
DUPLICATE = _error(
    "MC0204",
    "duplicate-item",
    "{what} `{value}` is there twice",
    "Each item of this list must be different. Remove one, or rename it.",
)
PORT = _error(
    "MC0205",
    "invalid-port",
    "{port} is no port: ports are 1 to 65535",
    "Port numbers are 1 to 65535. 0 is a number only where the documentation of the field says so.",
)
NAME = _error(
    "MC0206",
    "invalid-name",
    "`{value}` is not valid as {what}: use letters, digits and `-`, at most 63 characters",
    "The name must be a DNS label: letters, digits and `-`, a letter or a digit at both ends, at most 63 characters.",
)
PROTOCOL = _error(
    "MC0207",
    "unknown-protocol",
    "Istio does not know the protocol `{protocol}`",
    "Protocols are HTTP, HTTP2, GRPC, GRPC-Web, HTTPS, TLS, TCP, UDP, Mongo, Redis, MySQL and, in a Sidecar, "
    "HTTP_PROXY, in any case.",
)
HOST = _error(
    "MC0208",
    "invalid-host",
    "`{host}` is not a valid host: {problem}",
    "A host is a DNS name of labels with dots between them. Where wildcards are allowed, `*` replaces the first "
    "label or stands at its start.",
)
ADDRESS = _error(
    "MC0209",
    "invalid-address",
    "`{value}` is not {expected}",
    "Write an IPv4 or IPv6 address, or a range such as `10.0.0.0/8` where ranges are allowed.",
)
UNIX_SOCKET = _error(
    "MC0210",
    "invalid-unix-socket",
    "`{value}` leads to no socket: {problem}",
    "A Unix domain socket is `unix:///absolute/path`, or `unix://@name` for an abstract one. It has no port.",
)
DURATION = _error(
    "MC0211",
    "invalid-duration",
    "{duration} {problem}",
    "Istio takes durations from `1ms` up, in whole milliseconds. Leave the field out where `0s` was to mean none.",
)
OUT_OF_BOUNDS = _error(
    "MC0212",
    "out-of-bounds",
    "`{field}` is {value}, but must be {expected}",
    "The number is too large or too small for the field.",
)
LABEL = _error(
    "MC0213",
    "invalid-label",
    "label `{label}` is not valid: {problem}",
    "Keys and values of labels follow the syntax of Kubernetes: letters, digits, `-`, `_` and `.`, beginning and "
    "ending with a letter or a digit; a key may have a DNS name and a `/` before it.",
)
SELECTOR = _error(
    "MC0214",
    "invalid-selector",
    "selector `{label}` {problem}",
    "A selector names labels and their values exactly. It takes no wildcards and no empty keys.",
)
SELECTOR_SELECTS_ALL = _warning(
    "MC0215",
    "selector-without-labels",
    "a selector without labels selects every workload of the namespace",
    "Leave the selector out to select every workload, or give it the labels that were meant.",
)
TARGET = _error(
    "MC0216",
    "invalid-target",
    "a policy cannot be attached to {target}",
    "`targetRefs` take a Service, a ServiceEntry (networking.istio.io), a Gateway or a GatewayClass "
    "(gateway.networking.k8s.io) by its name, in the policy's own namespace.",
)
EXPORT_TO = _error(
    "MC0217",
    "invalid-export",
    "`{value}` in `exportTo` {problem}",
    "`exportTo` takes `.`, `*` or names of namespaces, each once, and `*` only alone. A ServiceEntry also takes "
    "`~`, alone. A DestinationRule with a workloadSelector can be exported to its own namespace only.",
)
REGEX = _error(
    "MC0218",
    "invalid-regex",
    "`{regex}` is not a regular expression: {problem}",
    "Istio takes RE2 expressions of at most 1024 characters: without lookaround and without backreferences, with "
    "repetitions up to 1000.",
)
URL = _error(
    "MC0219",
    "invalid-url",
    "`{url}` is not a usable URL: {problem}",
    "Write a whole URL with one of the schemes that the field takes.",
)
EMPTY_VALUE = _error(
    "MC0220",
    "empty-value",
    "{what} is empty",
    "The text must not be empty here. Remove it, or fill it in.",
)
TLS_CREDENTIALS = _error(
    "MC0221",
    "tls-credentials",
    "{problem}",
    "Certificates come from files (`serverCertificate` or `clientCertificate` with `privateKey`) or from secrets "
    "(`credentialName`), not from both. MUTUAL needs the certificate of the other side's authority too, and "
    "ISTIO_MUTUAL brings certificates of its own.",
)
TLS_IGNORED = _warning(
    "MC0222",
    "tls-ignored",
    "{problem}",
    "The TLS settings say something that Envoy will not do.",
)
CONNECTION_POOL = _error(
    "MC0223",
    "invalid-connection-pool",
    "{problem}",
    "A connection pool has settings for `tcp`, for `http` or for both. Its numbers are not negative, and "
    "connections cannot be upgraded to HTTP/2 and at the same time keep the protocol of the client.",
)

# Gateway and Sidecar

GATEWAY_HOST = _error(
    "MC0230",
    "invalid-gateway-host",
    "`{host}` is not a valid host here: {problem}",
    "Servers of a Gateway take `HOST` or `NAMESPACE/HOST`, egress listeners of a Sidecar take `NAMESPACE/HOST`. "
    "The namespace may be `*` or `.`, in a Sidecar also `~`; the host is a domain name with dots, `*`, or a name "
    "that begins with `*.`.",
)
SERVER_PROTOCOL = _error(
    "MC0231",
    "tls-and-protocol",
    "{problem}",
    "Servers with the protocols HTTPS and TLS need `tls`. A server for plain HTTP takes only `httpsRedirect`, "
    "others take no TLS settings at all.",
)
TARGET_PORT = _error(
    "MC0232",
    "useless-target-port",
    "`targetPort` has no effect in a {kind}",
    "Remove the field: Istio refuses it because nothing would come of it.",
)
REDIRECT_WITHOUT_HTTP = _warning(
    "MC0233",
    "redirect-without-http",
    "`httpsRedirect` has an effect on HTTP servers only",
    "Move the redirect to the server for plain HTTP.",
)
UNIX_PORT = _error(
    "MC0234",
    "socket-and-port",
    "{problem}",
    "A listener on a Unix domain socket has port 0 and cannot capture traffic; a listener on port 0 must have one.",
)
SIDECAR = _error(
    "MC0235",
    "invalid-sidecar",
    "{problem}",
    "A Sidecar has `ingress`, `egress`, `outboundTrafficPolicy` or `inboundConnectionPool`. Each port is there "
    "once, and only the last egress listener can be without a port.",
)
SIDECAR_TLS = _error(
    "MC0236",
    "unsupported-sidecar-tls",
    "`{field}` is not supported for the TLS of a Sidecar's ingress",
    "The TLS of an ingress listener is terminated with certificates from files, in mode SIMPLE or MUTUAL.",
)
DEFAULT_ENDPOINT = _error(
    "MC0237",
    "invalid-default-endpoint",
    "`{endpoint}` is not an endpoint of the workload itself: {problem}",
    "Write `127.0.0.1:PORT`, `0.0.0.0:PORT`, `[::1]:PORT`, `[::]:PORT` or `unix:///PATH`.",
)
EGRESS_PROXY = _error(
    "MC0238",
    "invalid-egress-proxy",
    "{problem}",
    "An egress proxy takes the place of the passthrough that `mode: ALLOW_ANY` allows, so it needs that mode, and "
    "a host with a port.",
)
DUPLICATE_EGRESS_HOST = _warning(
    "MC0239",
    "duplicate-egress-host",
    "egress host `{host}` is already covered by another",
    "Remove the host that adds nothing.",
)
HTTP_POOL_WITHOUT_HTTP = _warning(
    "MC0240",
    "http-pool-without-http",
    "port {port} is not HTTP, so the `http` settings of its connection pool have no effect",
    "Only `tcp` settings apply to such a port. Correct the protocol, or remove the `http` settings.",
)

# VirtualService

DELEGATE = _error(
    "MC0241",
    "invalid-delegate",
    "{problem}",
    "A VirtualService without `hosts` is one that others delegate to: it has `http` rules only, and no gateways. "
    "It cannot delegate further, and a rule that delegates neither routes nor redirects.",
)
JWT_CLAIM_WITHOUT_GATEWAY = _error(
    "MC0242",
    "claim-without-gateway",
    "routing by the claim `{header}` works at gateways only",
    "Only gateways look into tokens before they route. Bind the VirtualService to a gateway, and not to `mesh`.",
)
WILDCARD_IN_MESH = _error(
    "MC0243",
    "wildcard-in-mesh",
    "the host `*` is not allowed for routes of the mesh",
    "Bind the VirtualService to a gateway, or name the hosts.",
)
OVERLAPPING_HOSTS = _error(
    "MC0244",
    "overlapping-hosts",
    "hosts `{host}` and `{other}` overlap",
    "A host that a wildcard of the same VirtualService covers is a duplicate. Remove one of the two.",
)
ROUTE_ACTION = _error(
    "MC0245",
    "conflicting-actions",
    "{problem}",
    "A rule does one thing: `route`, `redirect` or `directResponse`. Faults and rewrites belong to routes.",
)
GATEWAY_NAME = _error(
    "MC0246",
    "invalid-gateway-name",
    "`{value}` names no gateway: {problem}",
    "Write `NAME` for a Gateway of the same namespace, `NAMESPACE/NAME` for another, or `mesh`.",
)
LEGACY_GATEWAY_NAME = _warning(
    "MC0247",
    "legacy-gateway-name",
    "`{value}` is an old way to name a gateway: write `{instead}`",
    "Istio takes the second label of such a name for the namespace.",
)
STRING_MATCH = _error(
    "MC0248",
    "empty-match",
    "an empty `{field}` matches nothing useful",
    "Leave the match out to match everything.",
)
HEADER_NAME = _error(
    "MC0249",
    "invalid-header-name",
    "`{value}` is not valid as the name of a header{problem}",
    "Header names have letters, digits and a few signs. Headers that begin with `:` and Host cannot be removed or "
    "changed in responses.",
)
HEADER_VALUE = _error(
    "MC0250",
    "invalid-header-value",
    "`{value}` is not valid as the value of a header: {problem}",
    "`%` begins a command such as `%DOWNSTREAM_REMOTE_ADDRESS%`; write `%%` for the sign itself. Control "
    "characters are not allowed.",
)
AUTHORITY_TWICE = _error(
    "MC0251",
    "authority-twice",
    "the authority is set more than once",
    "`rewrite.authority` and operations on Host or `:authority` do the same. Keep one.",
)
WEIGHT = _error(
    "MC0252",
    "invalid-weight",
    "{problem}",
    "Weights are not negative, and those of several destinations do not add up to 0.",
)
CORS = _error(
    "MC0253",
    "invalid-cors",
    "{problem}",
    "Origins are `exact`, `prefix` or `regex` and not empty; methods are those of HTTP, in capitals, or `*`; "
    "`maxAge` has whole seconds.",
)
FAULT = _error(
    "MC0254",
    "invalid-fault",
    "{problem}",
    "A fault has a `delay`, an `abort` or both. Exponential delays and HTTP/2 errors do not exist yet.",
)
ABORT_WITHOUT_ERROR = _warning(
    "MC0255",
    "abort-without-error",
    "this abort does nothing: it has neither `httpStatus` nor `grpcStatus`",
    "Say which error requests get.",
)
STATUS = _error(
    "MC0256",
    "invalid-status",
    "{status} is no status: use 200 to 599",
    "HTTP statuses are 200 to 599 here. Those of gRPC are names, such as `NOT_FOUND`.",
)
PERCENTAGE = _error(
    "MC0257",
    "invalid-percentage",
    "{value} is no percentage: use {expected}",
    "Percentages are 0 to 100; those of faults are at least 0.0001 if they are not 0.",
)
DEPRECATED_FIELD = _warning(
    "MC0258",
    "deprecated-field",
    "`{field}` is deprecated: use {instead}",
    "The field still works, but may go in a later release of Istio.",
)
RETRY = _error(
    "MC0259",
    "invalid-retry",
    "{problem}",
    "`attempts` is not negative, and 0 switches retries off, so it goes with no other setting. `retryOn` has "
    "conditions of Envoy and HTTP statuses with commas, and no blanks, between them.",
)
REDIRECT = _error(
    "MC0260",
    "invalid-redirect",
    "{problem}",
    "A redirect changes the URI, the authority, the scheme or the port, with a status from 300 to 399. The scheme "
    "is `http` or `https`.",
)
REWRITE = _error(
    "MC0261",
    "invalid-rewrite",
    "{problem}",
    "A rewrite has `uri` or `uriRegexRewrite`, and `authority`. `uriRegexRewrite` needs both `match` and `rewrite`.",
)
RESPONSE_TOO_LARGE = _error(
    "MC0262",
    "response-too-large",
    "the body has {size} bytes: at most 1 MB is allowed",
    "Bodies of direct responses are part of the configuration of every proxy. Serve large ones from a workload.",
)
RESPONSE_LARGE = _warning(
    "MC0263",
    "response-large",
    "the body has {size} bytes, which every proxy holds in its configuration",
    "Bodies of more than 100 kB slow istiod and proxies down. Serve them from a workload.",
)
SNI_HOST = _error(
    "MC0264",
    "sni-outside-hosts",
    "SNI host `{host}` is not among the hosts of the VirtualService: {hosts}",
    "An SNI host must be one of `hosts`, or be covered by a wildcard there.",
)
SNI_ADDRESS = _warning(
    "MC0265",
    "sni-address",
    "`{host}` is an address, which clients do not send as SNI",
    "Match by `destinationSubnets` or a port instead.",
)
WEIGHTS_NOT_100 = Code(
    "MC0296",
    "weights-not-100",
    Severity.INFO,
    "the weights add up to {total}, not to 100: the shares are {shares}",
    "Weights are relative to their sum. Write percentages that add up to 100 to read the shares off them.",
)
SUBSET_NAME = _error(
    "MC0266",
    "invalid-subset-name",
    "`{value}` is not valid as the name of a subset",
    "Names of subsets are DNS labels: letters, digits and `-`.",
)
UNREACHABLE_RULE = _warning(
    "IST0130",
    "virtual-service-unreachable-rule",
    "VirtualService rule {rule} not used ({reason})",
    "A rule before this one takes all that it could match. Put the special rules before the general ones.",
)
INEFFECTIVE_MATCH = Code(
    "IST0131",
    "virtual-service-ineffective-match",
    Severity.INFO,
    "VirtualService rule {rule} match {match} is not used (duplicate/overlapping match in rule {other})",
    "A match before this one takes its requests. Remove it, or put it first.",
)

# DestinationRule

TRAFFIC_POLICY = _error(
    "MC0267",
    "invalid-traffic-policy",
    "{problem}",
    "A traffic policy sets something. `tunnel` and `proxyProtocol` exclude each other, and settings of a port name it.",
)
OUTLIER_DETECTION = _error(
    "MC0268",
    "invalid-outlier-detection",
    "`consecutiveLocalOriginFailures` needs `splitExternalLocalOriginErrors: true`",
    "Without the split, errors of the connection count as errors of the server.",
)
LOAD_BALANCER = _error(
    "MC0269",
    "invalid-load-balancer",
    "{problem}",
    "A hash needs a named cookie; a Maglev table has a prime size below 5000011; `minimumRingSize` is for a ring.",
)
LOCALITY = _error(
    "MC0270",
    "invalid-locality",
    "{problem}",
    "A locality is `REGION/ZONE/SUBZONE`, shorter from the right, and may end in `*`. Localities do not overlap, "
    "weights are 1 to 100 and add up to 100, `failover` names two different regions, and it goes neither with "
    "`distribute` nor with topology labels in `failoverPriority`.",
)
FAILOVER_WITHOUT_OUTLIER_DETECTION = _warning(
    "MC0271",
    "failover-without-outlier-detection",
    "failover needs `outlierDetection`: without it no endpoint is ever unhealthy",
    "Add `outlierDetection` to the same traffic policy.",
)
TUNNEL = _error(
    "MC0272",
    "invalid-tunnel",
    "{problem}",
    "A tunnel is made with `CONNECT` or `POST`, to a host or an address and a port.",
)

# ServiceEntry, WorkloadEntry and WorkloadGroup

RESOLUTION = _error(
    "MC0273",
    "resolution-mismatch",
    "{problem}",
    "The resolution says where addresses come from: NONE from the client, STATIC from `endpoints`, DNS from "
    "names, DYNAMIC_DNS from the request. Hosts, addresses, endpoints and protocols must fit it.",
)
SERVICE_ENTRY_DOUBT = _warning(
    "MC0274",
    "doubtful-service-entry",
    "{problem}",
    "The ServiceEntry is accepted, but traffic will probably not go where it was meant to.",
)
ENDPOINT = _error(
    "MC0275",
    "invalid-endpoint",
    "{problem}",
    "An endpoint has an address: an IP address, or a name where the resolution is DNS; only the gateway of a "
    "network can replace it. Its ports carry the names of the service's ports.",
)
ENDPOINT_WITHOUT_ADDRESS = _warning(
    "MC0276",
    "endpoint-without-address",
    "there is no address, so the workload is reached through the gateways of network `{network}`",
    "Give the workload an address unless it is meant to be reached through gateways.",
)
PROBE = _error(
    "MC0277",
    "invalid-probe",
    "{problem}",
    "A probe has one of `httpGet`, `tcpSocket` and `exec`. Istio does not support `grpc` here, and refuses it.",
)

# Security

AUTHORIZATION_ACTION = _error(
    "MC0278",
    "action-and-provider",
    "{problem}",
    "`provider` belongs to CUSTOM. CUSTOM and DENY need rules: without them they never apply; `rules: [{}]` "
    "applies always.",
)
UNSUPPORTED_BY_CUSTOM = _error(
    "MC0279",
    "unsupported-by-custom",
    "`{field}` is not supported with action CUSTOM",
    "The decision is made before the identity of the source is known. Match by address, path and the like.",
)
EMPTY_RULE_PART = _error(
    "MC0280",
    "empty-rule-part",
    "{problem}",
    "An empty source, operation or condition says nothing. Remove it: a rule without `from` applies to all sources.",
)
POLICY_VALUE = _error(
    "MC0281",
    "invalid-policy-value",
    "`{value}` is not valid in `{field}`: {problem}",
    "Addresses are IP addresses or CIDR ranges and ports are 0 to 65535. Service accounts are `NAME` or "
    "`NAMESPACE/NAME`, without wildcards. Trust domains may have one `*`, at the start or at the end. In paths, "
    "`{*}` stands for one segment and `{**}` for the rest; other braces are not allowed.",
)
CONDITION = _error(
    "MC0284",
    "invalid-condition",
    "{problem}",
    "The keys of conditions are listed in Istio's documentation; some, such as `request.headers[...]`, have a "
    "name in brackets. Every condition has `values` or `notValues`.",
)
HTTP_IN_DENY = _warning(
    "MC0285",
    "http-in-deny",
    "this rule denies all traffic of TCP ports, because it looks at nothing but HTTP",
    "TCP has no paths and headers, so only the rest of the rule counts there. Add `ports` to the rule.",
)
JWT_RULE = _error(
    "MC0286",
    "invalid-jwt-rule",
    "{problem}",
    "A rule has an `issuer` or a `jwksUri`. `jwks` is a JSON Web Key Set, and not beside `jwksUri`. Places where "
    "tokens are found have names.",
)
PRIVATE_KEY = _warning(
    "MC0287",
    "private-key-in-jwks",
    "key {index} of `jwks` contains private key material: only public keys are used",
    "Anyone who can read the policy can sign tokens. Publish the public part only, and replace the key.",
)
PORT_WITHOUT_SELECTOR = _error(
    "MC0288",
    "port-mtls-without-selector",
    "`portLevelMtls` needs a selector with labels",
    "Ports have a meaning only for the workloads that a selector selects.",
)

# Telemetry, extensions, ProxyConfig

TELEMETRY = _error(
    "MC0289",
    "invalid-telemetry",
    "{problem}",
    "Tags have a name; UPSERT sets a value, REMOVE has none.",
)
TELEMETRY_IGNORED = _warning(
    "MC0290",
    "telemetry-ignored",
    "{problem}",
    "Istio takes the first item only.",
)
CEL = _error(
    "MC0291",
    "invalid-cel",
    "`{expression}` is not a CEL expression: {problem}",
    "Filters are written in the Common Expression Language, for example `response.code >= 400`.",
)
VM_ENVIRONMENT = _error(
    "MC0292",
    "invalid-environment",
    "{problem}",
    "Environment variables of a Wasm VM have different names, and a `value` only if `valueFrom` is INLINE.",
)

# EnvoyFilter

ENVOY_FILTER = _warning(
    "MC0293",
    "envoy-filter-in-use",
    "an EnvoyFilter depends on the inside of Istio, which may change with every release",
    "Prefer other kinds where they do the same, and test EnvoyFilters with every upgrade.",
)
PATCH = _error(
    "MC0294",
    "invalid-patch",
    "{problem}",
    "A patch says what it applies to, what it does, and the value to do it with. A match fits what it applies to, "
    "and a sub-filter match is for HTTP_FILTER inside the HTTP connection manager.",
)
PATCH_DOUBT = _warning(
    "MC0295",
    "doubtful-patch",
    "{problem}",
    "The patch is accepted, but a part of it has no effect.",
)
