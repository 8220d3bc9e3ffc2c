"""Codes of VirtualServices and routes: MC04xx."""

from meshcompile.diagnostics import Code, Severity

DELEGATE_NOT_FOUND = Code(
    "MC0401",
    "delegate-not-found",
    Severity.WARNING,
    "there is no VirtualService {delegate} without hosts to delegate to, so this rule is left out",
    "A rule's `delegate` names a VirtualService that has no `hosts`. Istio leaves out rules whose delegate it does not "
    "find; the rules after it still apply. Check the name and the namespace, which defaults to the root's own.",
)
DELEGATE_NOT_VISIBLE = Code(
    "MC0402",
    "delegate-not-visible",
    Severity.WARNING,
    "VirtualService {delegate} is not exported to namespace {to_namespace}, so this rule is left out",
    "A delegate must be visible in the namespace of the VirtualService that delegates to it. Add that namespace, or "
    "`*`, to the delegate's `exportTo`.",
)
DELEGATE_CONFLICT = Code(
    "MC0403",
    "delegate-conflict",
    Severity.WARNING,
    "this rule matches what the rule that delegates to it does not, so it is left out",
    "Every match of a delegate's rule must be a refinement of a match of the root's rule: its `/reviews/v1` refines "
    "`/reviews`, but not `/ratings`. Regular expressions are never refinements of each other, `ignoreUriCase` must be "
    "equal on both sides, and a `sourceNamespace` of the root must be repeated.",
)
SHADOWED_VIRTUAL_SERVICE = Code(
    "MC0404",
    "shadowed-virtual-service",
    Severity.WARNING,
    "host {host} is already routed by VirtualService {other}, so this one has no effect on it",
    "Sidecars take the routes of a host from one VirtualService: first those of the proxy's own namespace, then those "
    "exported to it, then public ones, and among them the oldest. Join the two, or delegate.",
)
DUPLICATE_DOMAIN = Code(
    "MC0405",
    "duplicate-domain",
    Severity.INFO,
    "on port {port}, {domain} already stands for {other}, so requests to it do not reach {host}",
    "Two services share a name or an address, such as two ServiceEntries with one address. Requests to it go to the "
    "first.",
)
UNREACHABLE_RULE = Code(
    "MC0406",
    "unreachable-rule",
    Severity.WARNING,
    "this rule is never reached, because an earlier one takes every request",
    "Rules are tried in order; one that matches every path without further conditions ends the list. Move it to the "
    "end.",
)
REDIRECT_CODE_UNSUPPORTED = Code(
    "MC0407",
    "redirect-code-unsupported",
    Severity.WARNING,
    "a redirect with code {code} is not supported: the route has no action",
    "Supported are 301, 302, 303, 307 and 308.",
)
FAULT_WITHOUT_EFFECT = Code(
    "MC0408",
    "fault-without-effect",
    Severity.WARNING,
    "a {fault} without {missing} has no effect",
    "A delay needs `fixedDelay`, an abort `httpStatus` or `grpcStatus`.",
)
MATCH_FOR_OTHER_GATEWAYS = Code(
    "MC0409",
    "match-for-other-gateways",
    Severity.WARNING,
    "this match is only for {gateways}, but the VirtualService is bound to {bound}, so it never applies",
    "`gateways` of a match choose among the gateways that the VirtualService is bound to. One that names none is bound "
    "to `mesh`, which is all sidecars. Add the gateway to `spec.gateways`.",
)
CLUSTER_NOT_FOUND = Code(
    "MC0410",
    "cluster-not-found",
    Severity.WARNING,
    "there is no cluster {cluster}, so {effect}: {reason}",
    "istiod sends routes as they are written, whether or not it sends the cluster that they lead to. Envoy answers a "
    "request for a cluster that it does not have with 503, with the response flag NC in its access log, and closes a "
    "connection. A cluster takes a service that the proxy's namespace sees, one of the service's ports, and a subset "
    "that a DestinationRule defines for those clients. `meshcompile analyze` finds the same mistakes without compiling "
    "a proxy, where they are mistakes for every proxy.",
)
HTTP_RULES_ON_TCP = Code(
    "MC0411",
    "http-rules-on-tcp",
    Severity.WARNING,
    "no port of `{host}` carries HTTP ({ports}), so sidecars use these HTTP rules for no request to it",
    "The name of a Service's port, or its `appProtocol`, says which protocol it speaks: `http`, `http-web`, `grpc-x`. "
    "A port that is named `tcp`, `tls` or after a database is forwarded as bytes, and HTTP rules do not apply. A name "
    "without a known prefix is sniffed.",
)
INGRESS_BACKEND_INVALID = Code(
    "MC0420",
    "ingress-backend-invalid",
    Severity.WARNING,
    "this path has no usable backend: {problem}",
    "A path must name a Service and one of its ports. Istio leaves out paths that do not.",
)
INGRESS_DEFAULT_BACKEND = Code(
    "MC0421",
    "ingress-default-backend",
    Severity.WARNING,
    "Istio ignores the default backend of an Ingress",
    "Add a rule without host and with path `/` instead.",
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
    "A rule of an Ingress routes what its `http.paths` name. Add a path, or remove the rule. Requests that no rule "
    "matches go to `defaultBackend`.",
)
