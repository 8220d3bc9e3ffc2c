"""Codes of retries, timeouts, mirrors and faults of HTTP rules that do nothing or too little: MC0439 to MC0445."""

from meshcompile.diagnostics import Code, Severity

HANGING_TRY = Code(
    "MC0439",
    "try-outlasts-timeout",
    Severity.WARNING,
    "a try that hangs is never repeated: the timeout of {timeout} ends the request before `perTryTimeout` of {per_try} "
    "ends the try",
    """`timeout` limits the whole request with all its tries. When `perTryTimeout` is as long or longer, a slow try
uses up the time of the whole request, and the client gets 504. Only tries that fail sooner are repeated. Make
`timeout` at least `perTryTimeout` times the number of tries, which is `attempts` plus one.""",
)
TRIES_CUT = Code(
    "MC0440",
    "tries-cut-by-timeout",
    Severity.INFO,
    "{tries} tries of {per_try} do not fit into the timeout of {timeout}: it ends the request during try {last}",
    """`timeout` limits the whole request with all its tries and the pauses between them. Make it at least
`perTryTimeout` times the number of tries, which is `attempts` plus one, or ask for fewer attempts.""",
)
TIMEOUT_NOT_REACHED = Code(
    "MC0441",
    "timeout-not-reached",
    Severity.INFO,
    "an answer that takes longer than {per_try} gets 504 after about {longest}: `perTryTimeout` ends each of the "
    "{tries} tries, and the timeout of {timeout} is never reached",
    """`perTryTimeout` ends each try. When all tries together take less time than `timeout`, slow answers fail long
before the timeout that the rule states. Raise `perTryTimeout`, or lower `timeout` to say what happens.""",
)
ANSWERS_NOT_RETRIED = Code(
    "MC0442",
    "answers-not-retried",
    Severity.INFO,
    "a request that the service answers with {status} is not tried again: `{retry_on}` covers failed connections only",
    """`retryOn` replaces Istio's default, which also repeats requests that are answered with 503. Conditions such as
`connect-failure` and `refused-stream` do not look at answers. Add `5xx`, `gateway-error` or a status code such as
`503` to repeat requests by their answer.""",
)
ABORT_NOT_RETRIED = Code(
    "MC0443",
    "abort-not-retried",
    Severity.INFO,
    "requests that this fault aborts are not tried again: Envoy answers them before it forwards them",
    """Faults and retries of one rule do not work together. Envoy injects the fault before the router, which makes the
tries, sees the request. To test retries, inject the fault at the server, for example with an EnvoyFilter or in a test
double.""",
)
SHARE_OF_NOTHING = Code(
    "MC0444",
    "share-of-nothing",
    Severity.INFO,
    "{what} has no effect: {why}",
    """A percentage of 0 switches a mirror, a delay or an abort off. A `mirrorPercentage` without `mirror` mirrors
nothing. Remove what has no effect, or set a percentage.""",
)
SETTING_OF_ANSWER = Code(
    "MC0445",
    "setting-without-route",
    Severity.WARNING,
    "`{setting}` has no effect: this rule answers with {action} and forwards nothing",
    """A redirect or a direct response is answered by Envoy itself. Timeouts, retries and mirrors only apply to
requests that are forwarded. Move the setting to the rule that has the `route`.""",
)
