"""Codes of VirtualServices and routes: MC04xx."""

from meshcompile.diagnostics import Code, Severity

DELEGATE_NOT_FOUND = Code(
    "MC0401",
    "delegate-not-found",
    Severity.WARNING,
    "there is no VirtualService {delegate} without hosts to delegate to, so this rule is dropped",
    "A rule's `delegate` names a VirtualService that has no `hosts`. Istio drops rules whose delegate does not exist; "
    "the rules after them still apply. Check the name and the namespace. The namespace defaults to that of the root "
    "VirtualService.",
)
DELEGATE_NOT_VISIBLE = Code(
    "MC0402",
    "delegate-not-visible",
    Severity.WARNING,
    "VirtualService {delegate} is not exported to namespace {to_namespace}, so this rule is dropped",
    "A delegate must be visible in the namespace of the VirtualService that delegates to it. Add that namespace, or "
    "`*`, to the delegate's `exportTo`.",
)
DELEGATE_CONFLICT = Code(
    "MC0403",
    "delegate-conflict",
    Severity.WARNING,
    "this rule's match conflicts with the match of the rule that delegates to it, so it is dropped",
    "Every match of a delegate's rule must narrow a match of the root's rule: `/reviews/v1` narrows `/reviews`, but "
    "`/ratings` does not. A regular expression never narrows another one. `ignoreUriCase` must be equal on both sides, "
    "and the delegate must repeat a `sourceNamespace` of the root.",
)
SHADOWED_VIRTUAL_SERVICE = Code(
    "MC0404",
    "shadowed-virtual-service",
    Severity.WARNING,
    "VirtualService {other} already routes host {host}, so this one has no effect on it",
    "Sidecars take the routes of a host from one VirtualService. Those in the proxy's own namespace take precedence, "
    "then those exported to it, then public ones; among these, the oldest wins. Merge the two, or delegate.",
)
DUPLICATE_DOMAIN = Code(
    "MC0405",
    "duplicate-domain",
    Severity.INFO,
    "on port {port}, {domain} already belongs to {other}, so requests to it do not reach {host}",
    "Two services share a name or an address, for example two ServiceEntries with the same address. Requests to it go "
    "to the first one.",
)
UNREACHABLE_RULE = Code(
    "MC0406",
    "unreachable-rule",
    Severity.WARNING,
    "this rule is never reached, because an earlier rule matches every request",
    "Envoy tries rules in order. Nothing after a rule that matches every path without further conditions is reached. "
    "Move that rule to the end.",
)
REDIRECT_CODE_UNSUPPORTED = Code(
    "MC0407",
    "redirect-code-unsupported",
    Severity.WARNING,
    "redirect code {code} is not supported, so the route has no action",
    "Supported codes are 301, 302, 303, 307 and 308.",
)
FAULT_WITHOUT_EFFECT = Code(
    "MC0408",
    "fault-without-effect",
    Severity.WARNING,
    "a {fault} without {missing} has no effect",
    "A delay needs `fixedDelay`. An abort needs `httpStatus` or `grpcStatus`.",
)
MATCH_FOR_OTHER_GATEWAYS = Code(
    "MC0409",
    "match-for-other-gateways",
    Severity.WARNING,
    "this match applies only to {gateways}, but the VirtualService is bound to {bound}, so it never applies",
    "`gateways` in a match selects from the gateways that the VirtualService is bound to. A VirtualService without "
    "`gateways` is bound to `mesh`, which means all sidecars. Add the gateway to `spec.gateways`.",
)
CLUSTER_NOT_FOUND = Code(
    "MC0410",
    "cluster-not-found",
    Severity.WARNING,
    "there is no cluster {cluster}, so {effect}: {reason}",
    "istiod sends a route as written, even if it does not send the route's cluster. If the cluster is missing, Envoy "
    "answers requests with 503, or 500 for a route of the Gateway API, and logs the response flag NC; it closes TCP "
    "connections. A cluster exists only if the proxy's namespace sees the service, the service has the port, and a "
    "DestinationRule defines the subset for those clients. `meshcompile analyze` finds mistakes that affect every "
    "proxy, without compiling one.",
)
HTTP_RULES_ON_TCP = Code(
    "MC0411",
    "http-rules-on-tcp",
    Severity.WARNING,
    "no port of `{host}` carries HTTP ({ports}), so sidecars never use the HTTP rules of VirtualService {rules} for it",
    "The name of a Service's port, or its `appProtocol`, declares the protocol: `http`, `http-web`, `grpc-x`. Sidecars "
    "forward a port named `tcp`, `tls` or after a database as plain bytes, so HTTP rules do not apply to it. For a "
    "name without a known prefix, they detect the protocol.",
)
INGRESS_BACKEND_INVALID = Code(
    "MC0420",
    "ingress-backend-invalid",
    Severity.WARNING,
    "this path has no usable backend: {problem}",
    "A path must name a Service and one of its ports. Istio drops paths that do not.",
)
INGRESS_DEFAULT_BACKEND = Code(
    "MC0421",
    "ingress-default-backend",
    Severity.WARNING,
    "Istio ignores the default backend of an Ingress",
    "Add a rule without a host and with path `/` instead.",
)
INGRESS_TLS_WITHOUT_SECRET = Code(
    "MC0422",
    "ingress-tls-without-secret",
    Severity.WARNING,
    "this entry names no Secret, so it opens no HTTPS server",
    "Name the Secret that holds the certificate in `secretName`.",
)
INGRESS_RULE_WITHOUT_PATHS = Code(
    "MC0423",
    "ingress-rule-without-paths",
    Severity.INFO,
    "this rule has no paths, so it routes nothing",
    "A rule of an Ingress routes the paths in its `http.paths`. Add a path, or remove the rule. Requests that no rule "
    "matches go to `defaultBackend`.",
)
