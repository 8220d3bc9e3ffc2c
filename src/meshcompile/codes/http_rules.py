"""Codes of HTTP rules that take fewer requests, or do less, than they seem to: MC043x and MC044x."""

from meshcompile.diagnostics import Code, Severity

REST_NOT_TAKEN = Code(
    "MC0430",
    "no-rule-for-the-rest",
    Severity.INFO,
    "requests to {host}{path} that do not have {conditions} match no rule: they get 404 NR",
    """Every rule for these requests has a condition on a header, a query parameter or the method, and no later rule
takes the requests without it. Envoy answers them with 404 and logs `NR`. Values are compared byte by byte, so
`premium` is not `Premium`. Add a rule without the condition at the end, unless 404 is what you want.

Bad:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: quotes, namespace: shop}
spec:
  hosts: [quotes]
  http:
    - match:
        - headers:
            x-plan:
              exact: Premium # MC0430
      route: [{destination: {host: quotes-premium}}]
```

Good:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: quotes, namespace: shop}
spec:
  hosts: [quotes]
  http:
    - match: [{headers: {x-plan: {exact: Premium}}}]
      route: [{destination: {host: quotes-premium}}]
    - route: [{destination: {host: quotes}}]
```""",
)
AUTHORITY_WITHOUT_PORT = Code(
    "MC0431",
    "authority-without-port",
    Severity.INFO,
    "`{authority}` does not match a request that sends its host with a port, such as `{authority}:{port}`",
    """Envoy finds the virtual host without looking at the port, but a rule's `authority` is compared with the whole
`Host` header. Clients send a port when it is not the default of the scheme, and some always send it. Use `prefix`, or
add a second match with the port.

Bad:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: offers, namespace: shop}
spec:
  hosts: ["*.example.org"]
  gateways: [front]
  http:
    - match:
        - authority:
            exact: partner.example.org # MC0431
      route: [{destination: {host: offers}}]
```

Good:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: offers, namespace: shop}
spec:
  hosts: ["*.example.org"]
  gateways: [front]
  http:
    - match:
        - authority: {prefix: partner.example.org}
      route: [{destination: {host: offers}}]
```""",
)
EXACT_PATH = Code(
    "MC0432",
    "exact-path-without-slash",
    Severity.INFO,
    "`exact` takes `{path}` and nothing else: requests to {host}{path}/ match no rule and get 404 NR",
    """An exact path does not match the same path with a slash at the end, nor paths below it. Add a second match for
`PATH/`, or use `prefix` if the paths below it belong to the same destination.

Bad:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cafe, namespace: shop}
spec:
  hosts: [cafe.example.org]
  gateways: [front]
  http:
    - match:
        - uri:
            exact: /menu # MC0432
      route: [{destination: {host: menu}}]
```

Good:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cafe, namespace: shop}
spec:
  hosts: [cafe.example.org]
  gateways: [front]
  http:
    - match:
        - uri: {exact: /menu}
        - uri: {prefix: /menu/}
      route: [{destination: {host: menu}}]
```""",
)
METHOD_IN_SMALL_LETTERS = Code(
    "MC0433",
    "method-in-small-letters",
    Severity.WARNING,
    "`{method}` matches no request, because clients send the method as `{meant}`",
    """HTTP methods are compared in the case they are written, and the standard methods are in capitals.

Bad:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: archive, namespace: shop}
spec:
  hosts: [archive]
  http:
    - match:
        - method:
            exact: get # MC0433
      route: [{destination: {host: archive}}]
```

Good:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: archive, namespace: shop}
spec:
  hosts: [archive]
  http:
    - match:
        - method: {exact: GET}
      route: [{destination: {host: archive}}]
```""",
)
PATH_WITHOUT_SLASH = Code(
    "MC0435",
    "path-without-slash",
    Severity.WARNING,
    "no path starts with `{path}`, because every path starts with `/`: this match takes no request",
    """`uri` is compared with the path of the request, which starts with `/`. Write the slash.

Bad:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
    - match:
        - uri:
            prefix: api # MC0435
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
    - match:
        - uri: {prefix: /api}
      route: [{destination: {host: web}}]
```""",
)
DOUBLED_SLASH = Code(
    "MC0436",
    "rewrite-doubles-slash",
    Severity.WARNING,
    "`{prefix}/a` becomes `{rewritten}`: the prefix has no slash at its end, and the rewrite has one",
    """With a prefix match, Envoy replaces the prefix by `rewrite.uri` and keeps what follows as it is. With
`prefix: /common` and `uri: /`, the path `/common/a` becomes `//a`. Match the prefix with its slash, and the path
without it in a match of its own.

Bad:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
    - match: [{uri: {prefix: /common}}]
      rewrite:
        uri: / # MC0436
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
    - match: [{uri: {prefix: /common/}}, {uri: {exact: /common}}]
      rewrite: {uri: /}
      route: [{destination: {host: web}}]
```""",
)
CREDENTIALS_OF_ANY_ORIGIN = Code(
    "MC0437",
    "credentials-of-any-origin",
    Severity.WARNING,
    "every website may send requests with the user's cookies: `allowCredentials` is set and this takes every origin",
    """Envoy answers with the origin of the request and not with `*`, so browsers accept the answer from any site.
Name the origins that may send credentials, or leave out `allowCredentials`.

Bad:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
    - corsPolicy:
        allowCredentials: true
        allowOrigins:
          - exact: "*" # MC0437
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
    - corsPolicy:
        allowCredentials: true
        allowOrigins: [{exact: "https://market.example.org"}]
      route: [{destination: {host: web}}]
```""",
)
EMPTY_MATCH = Code(
    "MC0438",
    "empty-match-item",
    Severity.WARNING,
    "this empty match takes every request, so the other matches of the rule have no effect",
    """The matches of a rule are alternatives. An item without a condition matches everything. It often comes from a
dash too many, which separates the conditions of one match into two.

Bad:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
    - match:
        - {} # MC0438
        - uri: {prefix: /api}
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
    - match:
        - uri: {prefix: /api}
      route: [{destination: {host: web}}]
    - route: [{destination: {host: web}}]
```""",
)
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
