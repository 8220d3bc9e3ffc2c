"""Codes of HTTP rules that take fewer requests, or do less, than they seem to: MC0430 to MC0438."""

from meshcompile.diagnostics import Code, Severity

REST_NOT_TAKEN = Code(
    "MC0430",
    "no-rule-for-the-rest",
    Severity.INFO,
    "requests to {host}{path} that do not have {conditions} match no rule: they get 404 NR",
    """Every rule for these requests has a condition on a header, a query parameter or the method, and no later rule
takes the requests without it. Envoy answers them with 404 and logs `NR`. Values are compared byte by byte, so
`premium` is not `Premium`. Add a rule without the condition at the end, unless 404 is what you want.""",
)
AUTHORITY_WITHOUT_PORT = Code(
    "MC0431",
    "authority-without-port",
    Severity.INFO,
    "`{authority}` does not match a request that sends its host with a port, such as `{authority}:{port}`",
    """Envoy finds the virtual host without looking at the port, but a rule's `authority` is compared with the whole
`Host` header. Clients send a port when it is not the default of the scheme, and some always send it. Use `prefix`, or
add a second match with the port.""",
)
EXACT_PATH = Code(
    "MC0432",
    "exact-path-without-slash",
    Severity.INFO,
    "`exact` takes `{path}` and nothing else: requests to {host}{path}/ match no rule and get 404 NR",
    """An exact path does not match the same path with a slash at the end, nor paths below it. Add a second match for
`PATH/`, or use `prefix` if the paths below it belong to the same destination.""",
)
METHOD_IN_SMALL_LETTERS = Code(
    "MC0433",
    "method-in-small-letters",
    Severity.WARNING,
    "`{method}` matches no request, because clients send the method as `{meant}`",
    """HTTP methods are compared in the case they are written, and the standard methods are in capitals.""",
)
PATH_WITHOUT_SLASH = Code(
    "MC0435",
    "path-without-slash",
    Severity.WARNING,
    "no path starts with `{path}`, because every path starts with `/`: this match takes no request",
    """`uri` is compared with the path of the request, which starts with `/`. Write the slash.""",
)
DOUBLED_SLASH = Code(
    "MC0436",
    "rewrite-doubles-slash",
    Severity.WARNING,
    "`{prefix}/a` becomes `{rewritten}`: the prefix has no slash at its end, and the rewrite has one",
    """With a prefix match, Envoy replaces the prefix by `rewrite.uri` and keeps what follows as it is. With
`prefix: /common` and `uri: /`, the path `/common/a` becomes `//a`. Match the prefix with its slash, and the path
without it in a match of its own.""",
)
CREDENTIALS_OF_ANY_ORIGIN = Code(
    "MC0437",
    "credentials-of-any-origin",
    Severity.WARNING,
    "every website may send requests with the user's cookies: `allowCredentials` is set and this takes every origin",
    """Envoy answers with the origin of the request and not with `*`, so browsers accept the answer from any site.
Name the origins that may send credentials, or leave out `allowCredentials`.""",
)
EMPTY_MATCH = Code(
    "MC0438",
    "empty-match-item",
    Severity.WARNING,
    "this empty match takes every request, so the other matches of the rule have no effect",
    """The matches of a rule are alternatives. An item without a condition matches everything. It often comes from a
dash too many, which separates the conditions of one match into two.""",
)
