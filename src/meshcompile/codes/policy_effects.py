"""Codes of policies that do not fit the workloads that they select: MC0820 to MC0826."""

from meshcompile.diagnostics import Code, Severity

PORT_MTLS_UNKNOWN_PORT = Code(
    "MC0820",
    "port-mtls-unknown-port",
    Severity.WARNING,
    "no workload that this policy selects listens on port {port}, so this mode applies to nothing",
    """`portLevelMtls` names ports of the workload, that is of its containers, and not ports of a Service. Write the
`targetPort` of the Service.

Bad:

```yaml
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: probe, namespace: shop}
spec:
  selector: {matchLabels: {app: probe}}
  portLevelMtls:
    "8000": {mode: DISABLE} # MC0820
---
apiVersion: v1
kind: Service
metadata: {name: probe, namespace: shop}
spec: {selector: {app: probe}, ports: [{name: http, port: 8000, targetPort: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: probe-0, namespace: shop, labels: {app: probe}}
spec: {containers: [{name: probe, ports: [{containerPort: 80}]}]}
```

Good:

```yaml
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: probe, namespace: shop}
spec:
  selector: {matchLabels: {app: probe}}
  portLevelMtls:
    "80": {mode: DISABLE}
---
apiVersion: v1
kind: Service
metadata: {name: probe, namespace: shop}
spec: {selector: {app: probe}, ports: [{name: http, port: 8000, targetPort: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: probe-0, namespace: shop, labels: {app: probe}}
spec: {containers: [{name: probe, ports: [{containerPort: 80}]}]}
```""",
)
SERVICE_PORT_IN_POLICY = Code(
    "MC0821",
    "service-port-in-policy",
    Severity.WARNING,
    "port {port} is that of Service {service}, and requests arrive at the workload on {target}: {effect}",
    """The proxy of the server compares `ports` and `destination.port` with the port on which the workload listens,
the `targetPort` of its Service. Write that port.

Bad:

```yaml
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: gallery, namespace: shop}
spec:
  selector: {matchLabels: {app: gallery}}
  rules:
    - to:
        - operation:
            ports: ["80"] # MC0821
---
apiVersion: v1
kind: Service
metadata: {name: gallery, namespace: shop}
spec: {selector: {app: gallery}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: gallery-0, namespace: shop, labels: {app: gallery}}
spec: {containers: [{name: gallery, ports: [{containerPort: 8080}]}]}
```

Good:

```yaml
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: gallery, namespace: shop}
spec:
  selector: {matchLabels: {app: gallery}}
  rules:
    - to:
        - operation:
            ports: ["8080"]
---
apiVersion: v1
kind: Service
metadata: {name: gallery, namespace: shop}
spec: {selector: {app: gallery}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: gallery-0, namespace: shop, labels: {app: gallery}}
spec: {containers: [{name: gallery, ports: [{containerPort: 8080}]}]}
```""",
)
IDENTITY_WITHOUT_MTLS = Code(
    "MC0822",
    "identity-without-mtls",
    Severity.WARNING,
    "callers have no identity here, because this turns mutual TLS off: {rule} of AuthorizationPolicy {policy} matches "
    "no request",
    """A caller proves its identity with the certificate of mutual TLS. `principals`, `namespaces` and
`serviceAccounts` are compared with that identity. Without mutual TLS there is none, so an ALLOW rule allows nobody and
a DENY rule denies nobody. Set the mode to STRICT or PERMISSIVE.

Bad:

```yaml
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: drafts, namespace: shop}
spec:
  mtls:
    mode: DISABLE # MC0822
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: drafts, namespace: shop}
spec:
  selector: {matchLabels: {app: drafts}}
  rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/press]}}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: drafts-0, namespace: shop, labels: {app: drafts}}
spec: {containers: [{name: drafts}]}
```

Good:

```yaml
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: drafts, namespace: shop}
spec:
  mtls:
    mode: STRICT
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: drafts, namespace: shop}
spec:
  selector: {matchLabels: {app: drafts}}
  rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/press]}}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: drafts-0, namespace: shop, labels: {app: drafts}}
spec: {containers: [{name: drafts}]}
```""",
)
CALLERS_WITHOUT_PROXY = Code(
    "MC0823",
    "callers-without-proxy",
    Severity.INFO,
    "workloads without a proxy cannot call {servers}, which take only mutual TLS: {callers}",
    """STRICT servers close connections that are not mutual TLS. A Pod without a sidecar sends plain text. If it calls
these workloads, inject a sidecar, or use PERMISSIVE until it has one.

Bad:

```yaml
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec:
  mtls:
    mode: STRICT # MC0823
---
apiVersion: v1
kind: Pod
metadata: {name: figures-0, namespace: shop, labels: {app: figures, security.istio.io/tlsMode: istio}}
spec: {containers: [{name: figures}, {name: istio-proxy}]}
status: {phase: Running, podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: nightly-0, namespace: batch, labels: {app: nightly}}
spec: {containers: [{name: nightly}]}
status: {phase: Running, podIP: 10.0.0.2}
```

Good:

```yaml
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec:
  mtls:
    mode: PERMISSIVE
---
apiVersion: v1
kind: Pod
metadata: {name: figures-0, namespace: shop, labels: {app: figures, security.istio.io/tlsMode: istio}}
spec: {containers: [{name: figures}, {name: istio-proxy}]}
status: {phase: Running, podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: nightly-0, namespace: batch, labels: {app: nightly}}
spec: {containers: [{name: nightly}]}
status: {phase: Running, podIP: 10.0.0.2}
```""",
)
PREFLIGHT_DENIED = Code(
    "MC0824",
    "preflight-denied",
    Severity.WARNING,
    "browsers' preflight requests get 403 at Gateway {gateway}: they carry no token, and policies are asked before the "
    "corsPolicy of VirtualService {virtual_service}",
    """Before a browser sends a request with a token to another site, it asks with OPTIONS and without the token. The
gateway decides by its AuthorizationPolicies first. Allow the method OPTIONS without a token.

Bad:

```yaml
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: istio-system}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: api, namespace: shop}
spec:
  hosts: [api.example.org]
  gateways: [istio-system/front]
  http:
    - corsPolicy: {allowOrigins: [{exact: "https://market.example.org"}]}
      route: [{destination: {host: api}}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: need-token, namespace: istio-system}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  rules:
    - from:
        - source:
            requestPrincipals: ["*"] # MC0824
```

Good:

```yaml
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: istio-system}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: api, namespace: shop}
spec:
  hosts: [api.example.org]
  gateways: [istio-system/front]
  http:
    - corsPolicy: {allowOrigins: [{exact: "https://market.example.org"}]}
      route: [{destination: {host: api}}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: need-token, namespace: istio-system}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  rules:
    - from:
        - source:
            requestPrincipals: ["*"]
    - to:
        - operation: {methods: [OPTIONS]}
```""",
)
TOKENS_NOT_READ = Code(
    "MC0825",
    "tokens-not-read",
    Severity.WARNING,
    "no RequestAuthentication applies to the workloads of this policy, so no token is read and {effect}",
    """`requestPrincipals` and `request.auth` conditions look at a token that a RequestAuthentication has validated at
the same proxy. Without one, requests have no principal. Select the same workloads with a RequestAuthentication.

Bad:

```yaml
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: members, namespace: shop}
spec:
  selector: {matchLabels: {app: forum}}
  rules:
    - from:
        - source:
            requestPrincipals: ["*"] # MC0825
---
apiVersion: v1
kind: Pod
metadata: {name: forum-0, namespace: shop, labels: {app: forum}}
spec: {containers: [{name: forum}]}
```

Good:

```yaml
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: members, namespace: shop}
spec:
  selector: {matchLabels: {app: forum}}
  rules:
    - from:
        - source:
            requestPrincipals: ["*"]
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: login, namespace: shop}
spec:
  selector: {matchLabels: {app: forum}}
  jwtRules: [{issuer: "https://login.example.org", jwks: '{"keys": []}'}]
---
apiVersion: v1
kind: Pod
metadata: {name: forum-0, namespace: shop, labels: {app: forum}}
spec: {containers: [{name: forum}]}
```""",
)
NO_PROXY_ENFORCES = Code(
    "MC0826",
    "policy-without-proxy",
    Severity.WARNING,
    "this {kind} has no effect: none of the Pods that it selects has a proxy ({pods})",
    """Proxies enforce policies. A Pod without a sidecar takes every connection, whatever policies select it. Enable
injection for its namespace, or remove the policy.

Bad:

```yaml
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: db, namespace: shop}
spec:
  selector:
    matchLabels: {app: db} # MC0826
  jwtRules: [{issuer: https://login.example, jwks: '{"keys": []}'}]
---
apiVersion: v1
kind: Pod
metadata: {name: db-0, namespace: shop, labels: {app: db}}
spec: {containers: [{name: db}]}
status: {phase: Running, podIP: 10.0.0.1}
```

Good:

```yaml
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: db, namespace: shop}
spec:
  selector:
    matchLabels: {app: db}
  jwtRules: [{issuer: https://login.example, jwks: '{"keys": []}'}]
---
apiVersion: v1
kind: Pod
metadata: {name: db-0, namespace: shop, labels: {app: db}}
spec: {containers: [{name: db}, {name: istio-proxy}]}
status: {phase: Running, podIP: 10.0.0.1}
```""",
)
