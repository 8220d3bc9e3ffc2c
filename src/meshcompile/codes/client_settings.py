"""Codes of DestinationRules that do not fit the services and routes that use them: MC061x."""

from meshcompile.diagnostics import Code, Severity

HIDDEN_SUBSET = Code(
    "MC0610",
    "hidden-subset",
    Severity.WARNING,
    "clients in namespace {clients} do not see a DestinationRule that defines subset `{subset}` of {host}, so {effect}",
    """A client takes the DestinationRule of its own namespace for a host, else that of the service's namespace, else
that of the root namespace. It looks no further, and it does not merge rules of several namespaces: a rule in the
client's own namespace hides the subsets that another namespace defines. Define the subset in the namespace of the
service, and leave `exportTo` open.

Bad:

```yaml
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: config}
spec:
  host: web.shop.svc.cluster.local
  subsets: [{name: new, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
    - route:
        - destination:
            host: web
            subset: new # MC0610
```

Good:

```yaml
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec:
  host: web
  subsets: [{name: new, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
    - route:
        - destination:
            host: web
            subset: new
```""",
)
TLS_INSIDE_TLS = Code(
    "MC0611",
    "tls-inside-tls",
    Severity.WARNING,
    "port {port} of {host} is declared as {protocol}, and applications that speak TLS to it fail: with mode {mode}, "
    "proxies wrap their TLS in TLS once more, and the server closes the connection",
    """TLS mode SIMPLE or MUTUAL makes the proxy start TLS to the server. On a port that is declared HTTPS or TLS the
application does so itself. Limit the mode to the plain port with `portLevelSettings`; to let applications send plain
HTTP to port 80 and have it encrypted, give that port `targetPort: 443`.

Bad:

```yaml
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: pay, namespace: shop}
spec:
  hosts: [pay.example.net]
  resolution: DNS
  ports: [{number: 443, name: https, protocol: HTTPS}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pay, namespace: shop}
spec:
  host: pay.example.net
  trafficPolicy:
    tls:
      mode: SIMPLE # MC0611
```

Good:

```yaml
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: pay, namespace: shop}
spec:
  hosts: [pay.example.net]
  resolution: DNS
  ports:
    - {number: 80, name: http, protocol: HTTP, targetPort: 443}
    - {number: 443, name: https, protocol: HTTPS}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pay, namespace: shop}
spec:
  host: pay.example.net
  trafficPolicy:
    portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE}}]
```""",
)
TLS_TO_PLAIN_PORT = Code(
    "MC0612",
    "tls-to-plain-port",
    Severity.WARNING,
    "proxies speak TLS to port {port} of {host}, where servers take plain HTTP: requests get 503 UF",
    """TLS mode SIMPLE or MUTUAL changes what the proxy sends, not where. Port 80 is the port of plain HTTP. Add
`targetPort: 443` to the port of the ServiceEntry, or limit the mode to the port that takes TLS.

Bad:

```yaml
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: rates, namespace: shop}
spec:
  hosts: [rates.example.net]
  resolution: DNS
  ports: [{number: 80, name: http, protocol: HTTP}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: rates, namespace: shop}
spec:
  host: rates.example.net
  trafficPolicy:
    tls:
      mode: SIMPLE # MC0612
```

Good:

```yaml
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: rates, namespace: shop}
spec:
  hosts: [rates.example.net]
  resolution: DNS
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: rates, namespace: shop}
spec:
  host: rates.example.net
  trafficPolicy:
    tls:
      mode: SIMPLE
```""",
)
HASH_NOT_USED = Code(
    "MC0613",
    "hash-of-port-not-used",
    Severity.WARNING,
    "requests by this route are not hashed: the consistentHash for {host} is set for port {port}, and the destination "
    "names no port",
    """Istio looks up the settings of a port only for a destination that names the port, even if the Service has no
other. Name the port in the destination, or set `loadBalancer` for the whole rule.

Bad:

```yaml
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec:
  host: cart
  trafficPolicy:
    portLevelSettings:
      - port: {number: 80}
        loadBalancer: {consistentHash: {httpHeaderName: x-user}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: shop}
spec:
  hosts: [cart]
  http:
    - route:
        - destination: # MC0613
            host: cart
```

Good:

```yaml
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec:
  host: cart
  trafficPolicy:
    portLevelSettings:
      - port: {number: 80}
        loadBalancer: {consistentHash: {httpHeaderName: x-user}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: shop}
spec:
  hosts: [cart]
  http:
    - route:
        - destination: {host: cart, port: {number: 80}}
```""",
)
