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
`timeout` at least `perTryTimeout` times the number of tries, which is `attempts` plus one.

Bad:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
    - timeout: 2s
      retries:
        attempts: 3
        perTryTimeout: 5s # MC0439
      route: [{destination: {host: web}}]
```

Good:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
    - timeout: 8s
      retries: {attempts: 3, perTryTimeout: 2s}
      route: [{destination: {host: web}}]
```""",
)
TRIES_CUT = Code(
    "MC0440",
    "tries-cut-by-timeout",
    Severity.INFO,
    "{tries} tries of {per_try} do not fit into the timeout of {timeout}: it ends the request during try {last}",
    """`timeout` limits the whole request with all its tries and the pauses between them. Make it at least
`perTryTimeout` times the number of tries, which is `attempts` plus one, or ask for fewer attempts.

Bad:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
    - timeout: 5s
      retries:
        attempts: 3
        perTryTimeout: 2s # MC0440
      route: [{destination: {host: web}}]
```

Good:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
    - timeout: 9s
      retries: {attempts: 3, perTryTimeout: 2s}
      route: [{destination: {host: web}}]
```""",
)
TIMEOUT_NOT_REACHED = Code(
    "MC0441",
    "timeout-not-reached",
    Severity.INFO,
    "an answer that takes longer than {per_try} gets 504 after about {longest}: `perTryTimeout` ends each of the "
    "{tries} tries, and the timeout of {timeout} is never reached",
    """`perTryTimeout` ends each try. When all tries together take less time than `timeout`, slow answers fail long
before the timeout that the rule states. Raise `perTryTimeout`, or lower `timeout` to say what happens.

Bad:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reports, namespace: shop}
spec:
  hosts: [reports]
  http:
    - timeout: 10s
      retries:
        attempts: 1
        perTryTimeout: 1s # MC0441
      route: [{destination: {host: reports}}]
```

Good:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reports, namespace: shop}
spec:
  hosts: [reports]
  http:
    - timeout: 10s
      retries: {attempts: 1, perTryTimeout: 5s}
      route: [{destination: {host: reports}}]
```""",
)
ANSWERS_NOT_RETRIED = Code(
    "MC0442",
    "answers-not-retried",
    Severity.INFO,
    "a request that the service answers with {status} is not tried again: `{retry_on}` covers failed connections only",
    """`retryOn` replaces Istio's default, which also repeats requests that are answered with 503. Conditions such as
`connect-failure` and `refused-stream` do not look at answers. Add `5xx`, `gateway-error` or a status code such as
`503` to repeat requests by their answer.

Bad:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: printer, namespace: shop}
spec:
  hosts: [printer]
  http:
    - retries:
        attempts: 3
        retryOn: connect-failure,refused-stream # MC0442
      route: [{destination: {host: printer}}]
```

Good:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: printer, namespace: shop}
spec:
  hosts: [printer]
  http:
    - retries: {attempts: 3, retryOn: "connect-failure,refused-stream,503"}
      route: [{destination: {host: printer}}]
```""",
)
ABORT_NOT_RETRIED = Code(
    "MC0443",
    "abort-not-retried",
    Severity.INFO,
    "requests that this fault aborts are not tried again: Envoy answers them before it forwards them",
    """Faults and retries of one rule do not work together. Envoy injects the fault before the router, which makes the
tries, sees the request. To test retries, inject the fault at the server, for example with an EnvoyFilter or in a test
double.

Bad:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
    - fault:
        abort: {httpStatus: 503, percentage: {value: 50}} # MC0443
      retries: {attempts: 3}
      route: [{destination: {host: web}}]
```

Good:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
    - fault:
        abort: {httpStatus: 503, percentage: {value: 50}}
      retries: {attempts: 0}
      route: [{destination: {host: web}}]
```""",
)
SHARE_OF_NOTHING = Code(
    "MC0444",
    "share-of-nothing",
    Severity.INFO,
    "{what} has no effect: {why}",
    """A percentage of 0 switches a mirror, a delay or an abort off. A `mirrorPercentage` without `mirror` mirrors
nothing. Remove what has no effect, or set a percentage.

Bad:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
    - mirror: {host: shadow}
      mirrorPercentage: {value: 0} # MC0444
      route: [{destination: {host: web}}]
```

Good:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
    - mirror: {host: shadow}
      mirrorPercentage: {value: 1}
      route: [{destination: {host: web}}]
```""",
)
SETTING_OF_ANSWER = Code(
    "MC0445",
    "setting-without-route",
    Severity.WARNING,
    "`{setting}` has no effect: this rule answers with {action} and forwards nothing",
    """A redirect or a direct response is answered by Envoy itself. Timeouts, retries and mirrors only apply to
requests that are forwarded. Move the setting to the rule that has the `route`.

Bad:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
    - redirect: {uri: /new}
      timeout: 5s # MC0445
```

Good:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
    - match: [{uri: {prefix: /old}}]
      redirect: {uri: /new}
    - route: [{destination: {host: web}}]
      timeout: 5s
```""",
)
