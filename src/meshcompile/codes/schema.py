"""Codes of istioctl for what Istio's validation says of single objects."""

from meshcompile.diagnostics import Code, Severity

SCHEMA_ERROR = Code(
    "IST0106",
    "schema-validation-error",
    Severity.ERROR,
    "{problem}, so Istio rejects this object ({code})",
    """Istio's validation rejects the object. `meshcompile validate` reports the same mistake under a code of its own,
which the message names and which explains it. The whole object takes no part in the mesh until it is corrected.""",
)
SCHEMA_WARNING = Code(
    "IST0133",
    "schema-warning",
    Severity.WARNING,
    "{problem} ({code})",
    """Istio's validation accepts the object and warns about it. `meshcompile validate` reports the same problem under a
code of its own, which the message names and which explains it.

Bad:

```yaml
apiVersion: networking.istio.io/v1 # IST0133
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec:
  host: cart
  trafficPolicy: {outlierDetection: {consecutiveErrors: 5}}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {clusterIP: 10.0.0.1, ports: [{name: http, port: 80}]}
```

Good:

```yaml
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec:
  host: cart
  trafficPolicy: {outlierDetection: {consecutive5xxErrors: 5}}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {clusterIP: 10.0.0.1, ports: [{name: http, port: 80}]}
```""",
)
DEPRECATED = Code(
    "IST0002",
    "deprecated",
    Severity.WARNING,
    "{problem}",
    """The object uses something that Istio has deprecated or removed. The finding says what replaces it.

Bad:

```yaml
apiVersion: networking.istio.io/v1 # IST0002
kind: VirtualService
metadata: {name: slow, namespace: shop}
spec:
  hosts: [cart]
  http:
    - fault: {delay: {fixedDelay: 1s, percent: 10}}
      route: [{destination: {host: cart}}]
```

Good:

```yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: slow, namespace: shop}
spec:
  hosts: [cart]
  http:
    - fault: {delay: {fixedDelay: 1s, percentage: {value: 10}}}
      route: [{destination: {host: cart}}]
```""",
)
NEGATIVE_CONDITION = Code(
    "IST0171",
    "negative-condition",
    Severity.WARNING,
    "its status says `{type}: {status}` ({reason}): {message}",
    """A controller wrote into the object's status that it could not do what the object asks for. The message of the
condition says why.

Bad:

```yaml
apiVersion: networking.istio.io/v1 # IST0171
kind: ServiceEntry
metadata: {name: partner, namespace: shop}
spec:
  hosts: [partner.example]
  ports: [{number: 443, name: tls, protocol: TLS}]
  resolution: DNS
status:
  conditions: [{type: istio.io/WaypointBound, status: "False", reason: NotFound, message: no waypoint}]
```

Good:

```yaml
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: partner, namespace: shop}
spec:
  hosts: [partner.example]
  ports: [{number: 443, name: tls, protocol: TLS}]
  resolution: DNS
status:
  conditions: [{type: istio.io/WaypointBound, status: "True", reason: Accepted, message: bound}]
```""",
)
