"""Codes of authentication and authorization: MC08xx."""

from meshcompile.diagnostics import Code, Severity

HTTP_FIELDS_ON_TCP = Code(
    "MC0801",
    "http-fields-on-tcp",
    Severity.WARNING,
    "{what} to connections to {port}, which are not taken apart into requests",
    docs="""The rule looks at hosts, methods, paths, headers or tokens, and the port carries bytes. An ALLOW rule is
left out there as a whole, so that less is allowed; a DENY or AUDIT rule loses those parts, so that it concerns more.
Declare the port as HTTP, or write rules for it that look at addresses, ports and identities only.""",
)
UNKNOWN_PROVIDER = Code(
    "MC0802",
    "unknown-provider",
    Severity.ERROR,
    "provider {provider} of this CUSTOM policy {problem}: everything that its rules match is denied",
    docs="""A CUSTOM policy asks an extension provider of the mesh config (envoyExtAuthzHttp or envoyExtAuthzGrpc). When
there is none of that name, or it is wrong, the rules deny what they match. Names are lower case letters, digits and
hyphens; the provider's service has to be in the mesh.""",
)
SEVERAL_PROVIDERS = Code(
    "MC0803",
    "several-providers",
    Severity.ERROR,
    "CUSTOM policies of one workload name several providers ({providers}): everything that their rules match is denied",
    docs="""Istio asks one provider per workload, unless istiod runs with PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS.
Let all CUSTOM policies of a workload name the same provider.""",
)
NOTHING_ALLOWED = Code(
    "MC0804",
    "nothing-allowed",
    Severity.INFO,
    "this ALLOW policy has no rules and can match nothing",
    docs="""That is how Istio writes "deny everything that no other policy allows". If you want to allow everything,
give the policy one empty rule: `rules: [{{}}]`.""",
)
KEYS_NOT_FETCHED = Code(
    "MC0805",
    "keys-not-fetched",
    Severity.WARNING,
    "the keys of issuer {issuer} are not known here{where}: tokens of it are refused",
    docs="""istiod fetches `jwksUri` (or asks the issuer for it); this compiler never uses the network. It puts in the
key that istiod puts in when fetching fails, which validates no token. Write `jwks` inline, or hand the keys over when
loading the mesh (`jwks={{uri: keys}}`).""",
)
CONFLICTING_MTLS = Code(
    "MC0806",
    "conflicting-mtls",
    Severity.WARNING,
    "{host}: this rule makes clients use {client}, but its workloads take {server} only",
    docs="""A DestinationRule says how clients connect, a PeerAuthentication what servers take. With STRICT, clients
need ISTIO_MUTUAL (or no `tls` at all); with DISABLE they must not use it.""",
)
POLICY_SELECTS_NOTHING = Code(
    "MC0807",
    "policy-selects-nothing",
    Severity.WARNING,
    "no workload has the labels that this {kind} selects",
    docs="""The policy has no effect. Check the labels of the selector, and the namespace of the policy.""",
)
NO_MATCHING_WORKLOADS = Code(
    "IST0127",
    "no-matching-workloads",
    Severity.WARNING,
    "no workload has the labels that this policy selects: {labels}",
    docs="""The policy has no effect. Check the labels of the selector, and the namespace of the policy.""",
)
SELECTOR_IN_ROOT_NAMESPACE = Code(
    "MC0808",
    "selector-in-root-namespace",
    Severity.WARNING,
    "a PeerAuthentication with a selector has no effect in the root namespace",
    docs="""In the root namespace a PeerAuthentication speaks for the whole mesh, and only without a selector. Move the
policy to the namespace of its workloads.""",
)
