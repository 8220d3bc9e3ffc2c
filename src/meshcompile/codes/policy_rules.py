"""Codes of rules in policies that match more or fewer requests than they seem to: MC0827 to MC0833."""

from meshcompile.diagnostics import Code, Severity

CHECK_BEFORE_TOKENS = Code(
    "MC0827",
    "external-check-before-tokens",
    Severity.INFO,
    "the external check runs before tokens are read: it sees neither the claims nor the headers that "
    "RequestAuthentication {authentication} makes of them",
    """Envoy asks the provider of a CUSTOM policy first, then validates tokens, then applies DENY and ALLOW policies.
The provider gets the request as the client sent it, also with a token that is invalid. Let the provider validate the
token itself.""",
)
EXACT_PATH_IN_POLICY = Code(
    "MC0828",
    "exact-path-in-policy",
    Severity.INFO,
    "`{path}` is this path and nothing else: {path}/ and the paths below it are not allowed by this policy",
    """A path without `*` is compared as a whole. Add `PATH/*` to allow what is below it.""",
)
EMPTY_RULE = Code(
    "MC0829",
    "empty-rule",
    Severity.WARNING,
    "this rule is empty and matches every request, so the other rules of this {action} policy have no effect",
    """The rules of a policy are alternatives. A rule without `from`, `to` and `when` matches everything. It often
comes from a dash too many.""",
)
SEPARATE_RULES = Code(
    "MC0830",
    "separate-rules",
    Severity.INFO,
    "`from` and `to` are two rules here: this {action} policy applies to every request that matches either of them",
    """The items of `rules` are alternatives, and the parts of one item apply together. A dash before `to` makes a
rule of its own, which matches callers of every origin. Remove the dash if both are meant together.""",
)
REMOTE_ADDRESS_AT_SIDECAR = Code(
    "MC0831",
    "remote-address-at-sidecar",
    Severity.WARNING,
    "a sidecar takes the last entry of X-Forwarded-For for the client's address: behind a gateway that trusts "
    "{trusted} proxies in front of it, that is the last of these proxies and not the client",
    """`numTrustedProxies` tells a gateway how many entries of X-Forwarded-For come from proxies. Sidecars have no such
setting. Put policies on `remoteIpBlocks` on the gateway.""",
)
COVERED_RULE = Code(
    "MC0832",
    "covered-policy-rule",
    Severity.INFO,
    "{other} takes every request that this {action} rule matches, so this one changes nothing",
    """The rules of all policies of one action are alternatives. Another rule applies to the same workloads, and
matches all requests of this one: it was proved for all requests. Remove this rule, or narrow the other one if it was
not meant to be that wide.""",
)
DENIED_RULE = Code(
    "MC0833",
    "denied-policy-rule",
    Severity.WARNING,
    "{other} denies every request that this rule allows, so this one allows nothing",
    """Envoy asks DENY policies before ALLOW policies. A DENY rule applies to the same workloads, and matches all
requests of this rule: it was proved for all requests. Narrow the DENY rule, or remove this one.""",
)
