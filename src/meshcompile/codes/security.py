"""Codes of authentication and authorization: MC08xx."""

from meshcompile.diagnostics import Code, Severity

HTTP_FIELDS_ON_TCP = Code(
    "MC0801",
    "http-fields-on-tcp",
    Severity.WARNING,
    "{what} to connections to {port}, which Envoy does not parse as HTTP",
    "The rule uses hosts, methods, paths, headers or tokens, but the port carries plain TCP. Istio drops an ALLOW rule "
    "as a whole on such a port, so it allows less. A DENY or AUDIT rule loses only those parts, so it matches more. "
    "Declare the port as HTTP, or write separate rules for it that use only addresses, ports and identities.",
)
UNKNOWN_PROVIDER = Code(
    "MC0802",
    "unknown-provider",
    Severity.ERROR,
    "provider {provider} of this CUSTOM policy {problem}: Istio denies everything that its rules match",
    "A CUSTOM policy delegates to an extension provider of the mesh config (envoyExtAuthzHttp or envoyExtAuthzGrpc). "
    "If the provider does not exist or is invalid, Istio denies all requests that the rules match. Names consist of "
    "lower case letters, digits and hyphens. The provider's service must be in the mesh.",
)
SEVERAL_PROVIDERS = Code(
    "MC0803",
    "several-providers",
    Severity.ERROR,
    "CUSTOM policies of one workload name several providers ({providers}): Istio denies everything that their rules "
    "match",
    "Istio uses one provider per workload, unless istiod runs with PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS. Name "
    "the same provider in all CUSTOM policies of a workload.",
)
NOTHING_ALLOWED = Code(
    "MC0804",
    "nothing-allowed",
    Severity.INFO,
    "this ALLOW policy has no rules and matches nothing",
    'This is how Istio expresses "deny everything that no other policy allows". To allow everything, give the policy '
    "one empty rule: `rules: [{}]`.",
)
KEYS_NOT_FETCHED = Code(
    "MC0805",
    "keys-not-fetched",
    Severity.WARNING,
    "the keys of issuer {issuer} are not available{where}, so all its tokens are rejected",
    "istiod fetches `jwksUri`, or discovers it from the issuer. meshcompile never uses the network. It inserts the "
    "placeholder key that istiod uses when a fetch fails, which validates no token. Write `jwks` inline, or pass the "
    "keys when loading the mesh (`jwks={uri: keys}`).",
)
CONFLICTING_MTLS = Code(
    "MC0806",
    "conflicting-mtls",
    Severity.WARNING,
    "{host}: this rule makes clients send {client}, but its workloads accept only {server}: connections fail",
    "A DestinationRule decides how clients connect, and a PeerAuthentication decides what servers accept. With STRICT, "
    "clients need ISTIO_MUTUAL or no `tls` at all. With DISABLE, clients must not use it.",
)
POLICY_SELECTS_NOTHING = Code(
    "MC0807",
    "policy-selects-nothing",
    Severity.WARNING,
    "no workload has the labels that this {kind} selects",
    "The policy has no effect. Check the labels of the selector and the namespace of the policy.",
)
NO_MATCHING_WORKLOADS = Code(
    "IST0127",
    "no-matching-workloads",
    Severity.WARNING,
    "no Pod of {where} {lack}, so {effect}",
    """An AuthorizationPolicy applies to proxies: to those of Pods with the labels of its selector, or to all of its
namespace. Pods outside of the mesh have none. Check the labels of the selector, the namespace of the policy, and the
labels for sidecar injection.""",
)
SELECTOR_IN_ROOT_NAMESPACE = Code(
    "MC0808",
    "selector-in-root-namespace",
    Severity.WARNING,
    "a PeerAuthentication with a selector has no effect in the root namespace",
    "In the root namespace, a PeerAuthentication applies to the whole mesh and only works without a selector. Move the "
    "policy to the namespace of its workloads.",
)
CLAIMS_WITHOUT_AUTHENTICATION = Code(
    "IST0149",
    "claims-without-authentication",
    Severity.ERROR,
    "rules match `{key}`, but no RequestAuthentication applies to Pod {pod} of Gateway {gateway}, so they never match",
    """A route by a claim needs the claims of a validated token, which only a RequestAuthentication for the gateway
provides. Without one, Envoy finds no claim, and the rule matches no request. Add one that selects the gateway's Pods,
in their namespace or in the root namespace.""",
)
INEFFECTIVE_SELECTOR = Code(
    "IST0166",
    "ineffective-selector",
    Severity.WARNING,
    "the selector matches Pods of Gateway {gateway} of the Gateway API, for which Istio ignores selectors of {kind}",
    """Policies for gateways of the Gateway API name them with `targetRefs`. A selector that matches their Pods has no
effect on them.""",
)
