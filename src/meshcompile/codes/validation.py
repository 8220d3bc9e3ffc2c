"""Codes of what Istio rejects in one object, or warns about: MC02xx.

Codes that several kinds share come first, then those of each kind. An error rejects its object.
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
    "Some annotations are reserved for Istio. `istio.io/dry-run` is only for AuthorizationPolicies with action ALLOW "
    "or DENY, and its value is `true` or `false`. Remove the annotation, or correct its value.",
)
MISSING = _error(
    "MC0202",
    "required",
    "`{field}` is missing{reason}",
    "The object has no effect without this field, or without an item in this list. Add it.",
)
EXCLUSIVE = _error(
    "MC0203",
    "exclusive-fields",
    "only one of {fields} can be set",
    "These fields set the same thing in different ways, or contradict each other. Keep one of them.",
)
DUPLICATE = _error(
    "MC0204",
    "duplicate-item",
    "{what} `{value}` appears twice",
    "Each item of this list must be unique. Remove one, or rename it.",
)
PORT = _error(
    "MC0205",
    "invalid-port",
    "{port} is not a valid port: ports are 1 to 65535",
    "Port numbers are 1 to 65535. 0 is valid only if the field's documentation says so.",
)
NAME = _error(
    "MC0206",
    "invalid-name",
    "`{value}` is not valid as {what}: use letters, digits and `-`, at most 63 characters",
    "The name must be a DNS label: at most 63 letters, digits and `-`, with a letter or a digit at both ends.",
)
PROTOCOL = _error(
    "MC0207",
    "unknown-protocol",
    "Istio does not know the protocol `{protocol}`",
    "Valid protocols are HTTP, HTTP2, GRPC, GRPC-Web, HTTPS, TLS, TCP, UDP, Mongo, Redis, MySQL and, in a Sidecar, "
    "HTTP_PROXY. Upper and lower case are equivalent.",
)
HOST = _error(
    "MC0208",
    "invalid-host",
    "`{host}` is not a valid host: {problem}",
    "A host is a DNS name: labels with dots between them. If wildcards are allowed, `*` replaces the first label or "
    "stands at its start.",
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
    "`{value}` is not a valid Unix domain socket: {problem}",
    "A Unix domain socket is `unix:///absolute/path`, or `unix://@name` for an abstract one. It has no port.",
)
DURATION = _error(
    "MC0211",
    "invalid-duration",
    "{duration} {problem}",
    'Istio accepts durations of `1ms` or more, in whole milliseconds. If `0s` was meant as "none", remove the field.',
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
    "The keys and values of labels follow Kubernetes' syntax: letters, digits, `-`, `_` and `.`, with a letter or a "
    "digit at both ends. A key may have a prefix: a DNS name followed by `/`.",
)
SELECTOR = _error(
    "MC0214",
    "invalid-selector",
    "selector `{label}` {problem}",
    "A selector lists exact labels and values. It accepts no wildcards and no empty keys.",
)
SELECTOR_SELECTS_ALL = _warning(
    "MC0215",
    "selector-without-labels",
    "a selector without labels selects every workload of the namespace",
    "To select every workload, remove the selector. Otherwise, add labels to it.",
)
TARGET = _error(
    "MC0216",
    "invalid-target",
    "a policy cannot be attached to {target}",
    "`targetRefs` accepts a Service, a ServiceEntry (networking.istio.io), a Gateway or a GatewayClass "
    "(gateway.networking.k8s.io) by name, in the policy's own namespace.",
)
EXPORT_TO = _error(
    "MC0217",
    "invalid-export",
    "`{value}` in `exportTo` {problem}",
    "`exportTo` accepts `.`, `*` or names of namespaces, each at most once. `*` must be the only item. A ServiceEntry "
    "also accepts `~` as the only item. A DestinationRule with a workloadSelector can be exported only to its own "
    "namespace.",
)
REGEX = _error(
    "MC0218",
    "invalid-regex",
    "`{regex}` is not a valid regular expression: {problem}",
    "Istio accepts RE2 expressions of at most 1024 characters. RE2 has no lookaround and no backreferences, and "
    "repeats at most 1000 times.",
)
URL = _error(
    "MC0219",
    "invalid-url",
    "`{url}` is not a valid URL: {problem}",
    "Write a complete URL with one of the schemes that the field accepts.",
)
EMPTY_VALUE = _error(
    "MC0220",
    "empty-value",
    "{what} is empty",
    "This text must not be empty. Remove it, or fill it in.",
)
TLS_CREDENTIALS = _error(
    "MC0221",
    "tls-credentials",
    "{problem}",
    "Certificates come from files (`serverCertificate` or `clientCertificate` with `privateKey`) or from Secrets "
    "(`credentialName`), but not from both. MUTUAL also needs the CA certificate of the peer. ISTIO_MUTUAL uses the "
    "certificates that Istio issues.",
)
TLS_IGNORED = _warning(
    "MC0222",
    "tls-ignored",
    "{problem}",
    "Envoy ignores these TLS settings.",
)
CONNECTION_POOL = _error(
    "MC0223",
    "invalid-connection-pool",
    "{problem}",
    "A connection pool has settings for `tcp`, for `http` or for both. Its numbers are not negative. `h2UpgradePolicy: "
    "UPGRADE` and `useClientProtocol` exclude each other.",
)

# Gateway and Sidecar

GATEWAY_HOST = _error(
    "MC0230",
    "invalid-gateway-host",
    "`{host}` is not a valid host here: {problem}",
    "Servers of a Gateway accept `HOST` or `NAMESPACE/HOST`. Egress listeners of a Sidecar accept `NAMESPACE/HOST`. "
    "The namespace may be `*` or `.`, and in a Sidecar also `~`. The host is a domain name with dots, `*`, or a name "
    "that begins with `*.`.",
)
SERVER_PROTOCOL = _error(
    "MC0231",
    "tls-and-protocol",
    "{problem}",
    "Servers with the protocols HTTPS and TLS need `tls`. A server for plain HTTP accepts only `httpsRedirect`. Other "
    "servers accept no TLS settings.",
)
TARGET_PORT = _error(
    "MC0232",
    "useless-target-port",
    "`targetPort` has no effect in a {kind}",
    "Remove the field: Istio rejects it because it has no effect.",
)
REDIRECT_WITHOUT_HTTP = _warning(
    "MC0233",
    "redirect-without-http",
    "`httpsRedirect` only has an effect on HTTP servers",
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
    "A Sidecar needs `ingress`, `egress`, `outboundTrafficPolicy` or `inboundConnectionPool`. Each port appears once. "
    "Only the last egress listener can omit its port.",
)
SIDECAR_TLS = _error(
    "MC0236",
    "unsupported-sidecar-tls",
    "`{field}` is not supported for the TLS of a Sidecar's ingress",
    "An ingress listener terminates TLS with certificates from files, in mode SIMPLE or MUTUAL.",
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
    "An egress proxy replaces the passthrough of `mode: ALLOW_ANY`, so it needs that mode. It also needs a host and a "
    "port.",
)
DUPLICATE_EGRESS_HOST = _warning(
    "MC0239",
    "duplicate-egress-host",
    "{problem}",
    "A Sidecar imports the hosts of all entries, and `*` stands for all hosts of a namespace. Remove the entry that "
    "another one covers.",
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
    "Other VirtualServices delegate to a VirtualService without `hosts`. It has only `http` rules and no gateways, and "
    "it cannot delegate further. A rule that delegates cannot route or redirect.",
)
JWT_CLAIM_WITHOUT_GATEWAY = _error(
    "MC0242",
    "claim-without-gateway",
    "routing by the claim `{header}` only works at gateways",
    "Only gateways read tokens before they route. Bind the VirtualService to a gateway and not to `mesh`.",
)
WILDCARD_IN_MESH = _error(
    "MC0243",
    "wildcard-in-mesh",
    "the host `*` is not allowed for sidecars (gateway `mesh`)",
    "Bind the VirtualService to a gateway, or name the hosts.",
)
OVERLAPPING_HOSTS = _error(
    "MC0244",
    "overlapping-hosts",
    "hosts `{host}` and `{other}` overlap",
    "A wildcard of the same VirtualService already covers the host. Remove one of the two.",
)
ROUTE_ACTION = _error(
    "MC0245",
    "conflicting-actions",
    "{problem}",
    "A rule has one action: `route`, `redirect` or `directResponse`. Faults and rewrites need `route`.",
)
GATEWAY_NAME = _error(
    "MC0246",
    "invalid-gateway-name",
    "`{value}` is not a valid gateway name: {problem}",
    "Write `NAME` for a Gateway of the same namespace, `NAMESPACE/NAME` for another, or `mesh`.",
)
LEGACY_GATEWAY_NAME = _warning(
    "MC0247",
    "legacy-gateway-name",
    "`{value}` is a deprecated form of a gateway name: write `{instead}`",
    "Istio uses the second label of such a name as the namespace.",
)
STRING_MATCH = _error(
    "MC0248",
    "empty-match",
    "an empty `{field}` matches nothing useful",
    "To match everything, remove the match.",
)
HEADER_NAME = _error(
    "MC0249",
    "invalid-header-name",
    "`{value}` is not a valid header name{problem}",
    "Header names consist of letters, digits and a few symbols. Host and headers that begin with `:` cannot be "
    "removed, and cannot be changed in responses.",
)
HEADER_VALUE = _error(
    "MC0250",
    "invalid-header-value",
    "`{value}` is not a valid header value: {problem}",
    "`%` begins a command such as `%DOWNSTREAM_REMOTE_ADDRESS%`. Write `%%` for a literal percent sign. Control "
    "characters are not allowed.",
)
AUTHORITY_TWICE = _error(
    "MC0251",
    "authority-twice",
    "the authority is set more than once",
    "`rewrite.authority` and operations on Host or `:authority` set the same value. Keep one.",
)
WEIGHT = _error(
    "MC0252",
    "invalid-weight",
    "{problem}",
    "Weights must not be negative. With several destinations, they must not add up to 0.",
)
CORS = _error(
    "MC0253",
    "invalid-cors",
    "{problem}",
    "Origins need a nonempty `exact`, `prefix` or `regex`. Methods are HTTP methods in capitals, or `*`. `maxAge` is "
    "in whole seconds.",
)
FAULT = _error(
    "MC0254",
    "invalid-fault",
    "{problem}",
    "A fault has a `delay`, an `abort` or both. Istio does not implement exponential delays and HTTP/2 errors.",
)
ABORT_WITHOUT_ERROR = _warning(
    "MC0255",
    "abort-without-error",
    "this abort has no effect: it has neither `httpStatus` nor `grpcStatus`",
    "Set the status that requests get.",
)
STATUS = _error(
    "MC0256",
    "invalid-status",
    "{status} is not a valid status: use 200 to 599",
    "HTTP statuses are 200 to 599 here. gRPC statuses are names, such as `NOT_FOUND`.",
)
PERCENTAGE = _error(
    "MC0257",
    "invalid-percentage",
    "{value} is not a valid percentage: use {expected}",
    "Percentages are 0 to 100. In faults, the smallest nonzero percentage is 0.0001.",
)
DEPRECATED_FIELD = _warning(
    "MC0258",
    "deprecated-field",
    "`{field}` is deprecated: use {instead}",
    "The field still works, but a later release of Istio may remove it.",
)
RETRY = _error(
    "MC0259",
    "invalid-retry",
    "{problem}",
    "`attempts` must not be negative. 0 disables retries, so no other setting may accompany it. `retryOn` is a "
    "comma-separated list of Envoy retry conditions and HTTP statuses, without spaces.",
)
REDIRECT = _error(
    "MC0260",
    "invalid-redirect",
    "{problem}",
    "A redirect changes the URI, the authority, the scheme or the port, with a status from 300 to 399. The scheme is "
    "`http` or `https`.",
)
REWRITE = _error(
    "MC0261",
    "invalid-rewrite",
    "{problem}",
    "A rewrite sets `uri` or `uriRegexRewrite`, and optionally `authority`. `uriRegexRewrite` needs both `match` and "
    "`rewrite`.",
)
RESPONSE_TOO_LARGE = _error(
    "MC0262",
    "response-too-large",
    "the body has {size} bytes: at most 1 MB is allowed",
    "The bodies of direct responses are part of every proxy's configuration. Serve large bodies from a workload.",
)
RESPONSE_LARGE = _warning(
    "MC0263",
    "response-large",
    "the body has {size} bytes, which every proxy keeps in its configuration",
    "Bodies of more than 100 kB slow down istiod and the proxies. Serve them from a workload.",
)
SNI_HOST = _error(
    "MC0264",
    "sni-outside-hosts",
    "SNI host `{host}` is not among the hosts of the VirtualService: {hosts}",
    "An SNI host must be one of `hosts`, or match a wildcard in `hosts`.",
)
SNI_ADDRESS = _warning(
    "MC0265",
    "sni-address",
    "`{host}` is an address, which clients do not send as SNI",
    "Match `destinationSubnets` or a port instead.",
)
WEIGHTS_NOT_100 = Code(
    "MC0296",
    "weights-not-100",
    Severity.INFO,
    "the weights add up to {total}, not to 100: the shares are {shares}",
    "Weights are relative to their sum. Use weights that add up to 100 to make the percentages obvious.",
)
SUBSET_NAME = _error(
    "MC0266",
    "invalid-subset-name",
    "`{value}` is not a valid subset name",
    "Subset names are DNS labels: letters, digits and `-`.",
)
UNREACHABLE_RULE = _warning(
    "IST0130",
    "virtual-service-unreachable-rule",
    "{kind} rule {rule} not used ({reason})",
    "An earlier rule matches every request that this rule could match. Put specific rules before general ones.",
)
INEFFECTIVE_MATCH = Code(
    "IST0131",
    "virtual-service-ineffective-match",
    Severity.INFO,
    "{kind} rule {rule} match {match} is not used ({reason})",
    "An earlier match already covers these requests. Remove this match, or move it up.",
)

# DestinationRule

TRAFFIC_POLICY = _error(
    "MC0267",
    "invalid-traffic-policy",
    "{problem}",
    "A traffic policy sets at least one field. `tunnel` and `proxyProtocol` exclude each other. Each entry of "
    "`portLevelSettings` names its port.",
)
OUTLIER_DETECTION = _error(
    "MC0268",
    "invalid-outlier-detection",
    "`consecutiveLocalOriginFailures` needs `splitExternalLocalOriginErrors: true`",
    "Without the split, connection errors count as errors of the server.",
)
LOAD_BALANCER = _error(
    "MC0269",
    "invalid-load-balancer",
    "{problem}",
    "A hash needs a cookie with a name. A Maglev table has a prime size below 5000011. `minimumRingSize` applies only "
    "to ring hash.",
)
LOCALITY = _error(
    "MC0270",
    "invalid-locality",
    "{problem}",
    "A locality is `REGION/ZONE/SUBZONE`. It may omit parts from the right, and may end in `*`. Localities do not "
    "overlap. Weights are 1 to 100 and add up to 100. `failover` names two different regions, and excludes both "
    "`distribute` and topology labels in `failoverPriority`.",
)
FAILOVER_WITHOUT_OUTLIER_DETECTION = _warning(
    "MC0271",
    "failover-without-outlier-detection",
    "failover needs `outlierDetection`: without it Envoy never marks an endpoint as unhealthy",
    "Add `outlierDetection` to the same traffic policy.",
)
TUNNEL = _error(
    "MC0272",
    "invalid-tunnel",
    "{problem}",
    "A tunnel uses `CONNECT` or `POST`. Its target is a host or an address, and a port.",
)

# ServiceEntry, WorkloadEntry and WorkloadGroup

RESOLUTION = _error(
    "MC0273",
    "resolution-mismatch",
    "{problem}",
    "The resolution decides where addresses come from. NONE uses the client's original destination, STATIC uses "
    "`endpoints`, DNS resolves names, and DYNAMIC_DNS resolves the host of each request. Hosts, addresses, endpoints "
    "and protocols must fit it.",
)
SERVICE_ENTRY_DOUBT = _warning(
    "MC0274",
    "doubtful-service-entry",
    "{problem}",
    "Istio accepts the ServiceEntry, but traffic will probably not reach the intended destination.",
)
ENDPOINT = _error(
    "MC0275",
    "invalid-endpoint",
    "{problem}",
    "An endpoint has an address: an IP address, or a name if the resolution is DNS. Only an endpoint in a network with "
    "a gateway can omit it. Its `ports` use the names of the service's ports.",
)
ENDPOINT_WITHOUT_ADDRESS = _warning(
    "MC0276",
    "endpoint-without-address",
    "there is no address, so clients reach the workload through the gateways of network `{network}`",
    "Give the workload an address, unless clients should reach it through gateways.",
)
PROBE = _error(
    "MC0277",
    "invalid-probe",
    "{problem}",
    "A probe has one of `httpGet`, `tcpSocket` and `exec`. Istio rejects `grpc` here.",
)

# Security

AUTHORIZATION_ACTION = _error(
    "MC0278",
    "action-and-provider",
    "{problem}",
    "`provider` is only for CUSTOM. CUSTOM and DENY need rules: a policy without rules never applies, and `rules: "
    "[{}]` always applies.",
)
UNSUPPORTED_BY_CUSTOM = _error(
    "MC0279",
    "unsupported-by-custom",
    "`{field}` is not supported with action CUSTOM",
    "The external authorizer decides before Envoy knows the identity of the source. Match addresses, paths and similar "
    "attributes instead.",
)
EMPTY_RULE_PART = _error(
    "MC0280",
    "empty-rule-part",
    "{problem}",
    "An empty source, operation or condition has no meaning. Remove it: a rule without `from` applies to all sources.",
)
POLICY_VALUE = _error(
    "MC0281",
    "invalid-policy-value",
    "`{value}` is not valid in `{field}`: {problem}",
    "Addresses are IP addresses or CIDR ranges. Ports are 0 to 65535. Service accounts are `NAME` or `NAMESPACE/NAME`, "
    "without wildcards. Trust domains may have one `*`, at the start or at the end. In paths, `{*}` matches one "
    "segment and `{**}` matches the rest; other braces are not allowed.",
)
CONDITION = _error(
    "MC0284",
    "invalid-condition",
    "{problem}",
    "Istio's documentation lists the keys of conditions. Some, such as `request.headers[...]`, have a name in "
    "brackets. Every condition has `values` or `notValues`.",
)
HTTP_IN_DENY = _warning(
    "MC0285",
    "http-in-deny",
    "on TCP ports, this rule denies all traffic{left}, because HTTP conditions do not apply there",
    "TCP has no paths and headers, so only the rest of the rule applies to it. Add `ports` to the rule.",
)
JWT_RULE = _error(
    "MC0286",
    "invalid-jwt-rule",
    "{problem}",
    "A rule has an `issuer` or a `jwksUri`. `jwks` is a JSON Web Key Set, and excludes `jwksUri`. Each header, "
    "parameter and cookie that holds tokens needs a name.",
)
PRIVATE_KEY = _warning(
    "MC0287",
    "private-key-in-jwks",
    "key {index} of `jwks` contains private key material: use only public keys",
    "Anyone who can read the policy can sign tokens. Publish only the public part, and replace the key.",
)
PORT_WITHOUT_SELECTOR = _error(
    "MC0288",
    "port-mtls-without-selector",
    "`portLevelMtls` needs a selector with labels",
    "Ports are meaningful only for the workloads that a selector selects.",
)

# Telemetry, extensions, ProxyConfig

TELEMETRY = _error(
    "MC0289",
    "invalid-telemetry",
    "{problem}",
    "Each tag needs a name. UPSERT needs a value, and REMOVE has none.",
)
TELEMETRY_IGNORED = _warning(
    "MC0290",
    "telemetry-ignored",
    "{problem}",
    "Istio uses only the first item.",
)
CEL = _error(
    "MC0291",
    "invalid-cel",
    "`{expression}` is not a valid CEL expression: {problem}",
    "Filters use the Common Expression Language, for example `response.code >= 400`.",
)
VM_ENVIRONMENT = _error(
    "MC0292",
    "invalid-environment",
    "{problem}",
    "The environment variables of a Wasm VM have unique names. A variable has a `value` only if `valueFrom` is INLINE.",
)

# EnvoyFilter

ENVOY_FILTER = _warning(
    "MC0293",
    "envoy-filter-in-use",
    "an EnvoyFilter depends on Istio's internal configuration, which may change with every release",
    "Prefer other kinds if they can do the same, and test EnvoyFilters with every upgrade.",
)
PATCH = _error(
    "MC0294",
    "invalid-patch",
    "{problem}",
    "A patch needs `applyTo` and an `operation`. All operations except REMOVE need a `value`. The match must fit "
    "`applyTo`. A sub-filter match is for HTTP_FILTER in the HTTP connection manager.",
)
PATCH_DOUBT = _warning(
    "MC0295",
    "doubtful-patch",
    "{problem}",
    "Istio accepts the patch, but a part of it has no effect.",
)
