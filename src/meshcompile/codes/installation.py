"""Codes of what belongs to Istio's installation: istioctl's codes for webhooks, definitions and the control plane."""

from meshcompile.diagnostics import Code, Severity

UNKNOWN_REGISTRY = Code(
    "IST0126",
    "unknown-service-registry",
    Severity.ERROR,
    "network {network} takes the endpoints of registry `{registry}`, which is no cluster of the mesh",
    "`fromRegistry` names a cluster: the registry `Kubernetes`, or a key of a Secret with the label "
    "`istio/multiCluster`. Endpoints of an unknown registry do not exist, so the network has none of them.",
)
WEBHOOK_CONFLICT = Code(
    "IST0139",
    "invalid-webhook",
    Severity.ERROR,
    "{problem}",
    """Istio's webhooks for injection select namespaces and Pods by labels. If two of them select a Pod, it gets a
sidecar twice. A webhook whose Service does not exist fails, and with `failurePolicy: Fail` no Pod can be created.

Bad:

```yaml
apiVersion: admissionregistration.k8s.io/v1 # IST0139
kind: MutatingWebhookConfiguration
metadata: {name: istio-sidecar-injector, labels: {istio.io/rev: default}}
webhooks:
  - name: sidecar-injector.istio.io
    clientConfig: {service: {namespace: istio-system, name: istiod}}
    namespaceSelector: {matchLabels: {istio-injection: enabled}}
    admissionReviewVersions: [v1]
    sideEffects: None
```

Good:

```yaml
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-sidecar-injector, labels: {istio.io/rev: default}}
webhooks:
  - name: sidecar-injector.istio.io
    clientConfig: {service: {namespace: istio-system, name: istiod}}
    namespaceSelector: {matchLabels: {istio-injection: enabled}}
    admissionReviewVersions: [v1]
    sideEffects: None
---
apiVersion: v1
kind: Service
metadata: {name: istiod, namespace: istio-system}
spec: {clusterIP: 10.0.0.1, ports: [{name: https-webhook, port: 443}]}
```""",
)
INVALID_CONTROL_PLANE = Code(
    "IST0163",
    "invalid-external-control-plane",
    Severity.WARNING,
    "webhook {webhook} cannot reach a control plane: {problem}",
    """A webhook names the control plane by a Service in the cluster or by the URL of an external one. Without either,
or with a URL that cannot be read, it fails.

Bad:

```yaml
apiVersion: admissionregistration.k8s.io/v1 # IST0163
kind: ValidatingWebhookConfiguration
metadata: {name: istio-validator-istio-system}
webhooks:
  - name: rev.validation.istio.io
    clientConfig: {}
    admissionReviewVersions: [v1]
    sideEffects: None
```

Good:

```yaml
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: istio-validator-istio-system}
webhooks:
  - name: rev.validation.istio.io
    clientConfig: {url: https://istiod.example:15017/validate}
    admissionReviewVersions: [v1]
    sideEffects: None
```""",
)
CONTROL_PLANE_BY_ADDRESS = Code(
    "IST0164",
    "external-control-plane-by-address",
    Severity.INFO,
    "webhook {webhook} reaches the external control plane by the address {address}, not by a host name",
    """The certificate of the control plane is issued for a host name, and an address can change. Use a host name.

Bad:

```yaml
apiVersion: admissionregistration.k8s.io/v1 # IST0164
kind: ValidatingWebhookConfiguration
metadata: {name: istio-validator-istio-system}
webhooks:
  - name: rev.validation.istio.io
    clientConfig: {url: https://203.0.113.9:15017/validate}
    admissionReviewVersions: [v1]
    sideEffects: None
```

Good:

```yaml
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: istio-validator-istio-system}
webhooks:
  - name: rev.validation.istio.io
    clientConfig: {url: https://istiod.example:15017/validate}
    admissionReviewVersions: [v1]
    sideEffects: None
```""",
)
UNRESTRICTED_KEYS = Code(
    "IST0175",
    "unrestricted-key-fetches",
    Severity.WARNING,
    "istiod fetches the keys of {count} RequestAuthentications ({names}) from any address: "
    "`BLOCKED_CIDRS_IN_JWKS_URIS` is not set",
    """Whoever may write a RequestAuthentication makes istiod send requests to the host of its `jwksUri`, also to
addresses inside of the cluster. Set `BLOCKED_CIDRS_IN_JWKS_URIS` of istiod to the ranges that it should not reach.

Bad:

```yaml
apiVersion: apps/v1 # IST0175
kind: Deployment
metadata: {name: istiod, namespace: istio-system, labels: {app: istiod}}
spec:
  selector: {matchLabels: {app: istiod}}
  template:
    metadata: {labels: {app: istiod}}
    spec: {containers: [{name: discovery, image: docker.io/istio/pilot}]}
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens, namespace: shop}
spec: {jwtRules: [{issuer: https://login.example}]}
```

Good:

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod, namespace: istio-system, labels: {app: istiod}}
spec:
  selector: {matchLabels: {app: istiod}}
  template:
    metadata: {labels: {app: istiod}}
    spec:
      containers:
        - name: discovery
          image: docker.io/istio/pilot
          env: [{name: BLOCKED_CIDRS_IN_JWKS_URIS, value: 10.0.0.0/8}]
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens, namespace: shop}
spec: {jwtRules: [{issuer: https://login.example}]}
```""",
)
OLD_GATEWAY_API = Code(
    "IST0176",
    "old-gateway-api-definition",
    Severity.WARNING,
    "{name} is of version {installed} of the Gateway API, and Istio ignores objects of this kind before {minimum}",
    """Istio reads kinds of the Gateway API only from the version on that has the fields it needs. Install the current
definitions.

Bad:

```yaml
apiVersion: apiextensions.k8s.io/v1 # IST0176
kind: CustomResourceDefinition
metadata:
  name: tlsroutes.gateway.networking.k8s.io
  annotations: {gateway.networking.k8s.io/bundle-version: v1.4.1}
spec:
  group: gateway.networking.k8s.io
  scope: Namespaced
  names: {kind: TLSRoute, plural: tlsroutes}
  versions: [{name: v1, served: true, storage: true}]
```

Good:

```yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: tlsroutes.gateway.networking.k8s.io
  annotations: {gateway.networking.k8s.io/bundle-version: v1.5.0}
spec:
  group: gateway.networking.k8s.io
  scope: Namespaced
  names: {kind: TLSRoute, plural: tlsroutes}
  versions: [{name: v1, served: true, storage: true}]
```""",
)
