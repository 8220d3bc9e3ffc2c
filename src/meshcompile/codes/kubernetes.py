"""Codes of objects that the API server rejects, apart from unknown fields and wrong types: MC13xx."""

from meshcompile.diagnostics import Code, Severity

INVALID_NAME = Code(
    "MC1301",
    "invalid-object-name",
    Severity.ERROR,
    "`{field}` is `{value}`, which is not {expected}",
    "The API server checks the names of objects, namespaces, containers and ports, and the keys of ConfigMaps and "
    "Secrets. It rejects an object with an invalid name."
    """

Bad:

```yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: My_Settings, namespace: shop} # MC1301
```

Good:

```yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: my-settings, namespace: shop}
```""",
)
LABEL = Code(
    "MC1302",
    "invalid-object-label",
    Severity.ERROR,
    "label `{label}` is not valid: {problem}",
    "The name and the value of a label have at most 63 characters: letters, digits, `-`, `_` and `.`, with a letter or "
    "a digit at both ends. The name may have a prefix: a lowercase DNS name followed by `/`. The value may be empty."
    """

Bad:

```yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: shop
  labels: {team: "a b"} # MC1302
```

Good:

```yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: shop
  labels: {team: a-b}
```""",
)
ANNOTATION = Code(
    "MC1303",
    "invalid-annotation-name",
    Severity.ERROR,
    "annotation `{annotation}` is not valid: {problem}",
    "The name of an annotation follows the same rules as the name of a label. Its value may be any text.",
)
SERVICE_NAME = Code(
    "MC1304",
    "service-name-starts-with-digit",
    Severity.WARNING,
    "the name of the Service starts with a digit: most releases of Kubernetes reject it",
    "The name of a Service starts with a letter. Only recent releases of Kubernetes also accept a digit."
    """

Bad:

```yaml
apiVersion: v1
kind: Service
metadata: {name: 1cart, namespace: shop} # MC1304
spec:
  selector: {app: cart}
  ports: [{name: http, port: 80}]
```

Good:

```yaml
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec:
  selector: {app: cart}
  ports: [{name: http, port: 80}]
```""",
)
SELECTOR = Code(
    "MC1310",
    "selector-without-template",
    Severity.ERROR,
    "`{field}` does not select the Pods of its own template: {problem}",
    "The selector of a workload must match the labels in `spec.template.metadata.labels` and must not be empty. "
    "Otherwise the workload does not find the Pods that it creates."
    """

Bad:

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: carts}} # MC1310
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: cart, image: cart}]}
```

Good:

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: cart, image: cart}]}
```""",
)
REQUIREMENT = Code(
    "MC1311",
    "invalid-selector-requirement",
    Severity.ERROR,
    "`{field}` is not valid: {problem}",
    "`In` and `NotIn` need at least one value. `Exists` and `DoesNotExist` take none.",
)
NODE_PORT = Code(
    "MC1320",
    "unexpected-node-port",
    Severity.ERROR,
    "`{field}` is set, but the Service has the type {type}",
    "Only Services of type NodePort and LoadBalancer have node ports. Set `type`, or remove `nodePort`."
    """

Bad:

```yaml
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec:
  type: ClusterIP
  ports:
    - {name: http, port: 80, nodePort: 30080} # MC1320
```

Good:

```yaml
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec:
  type: ClusterIP
  ports:
    - {name: http, port: 80}
```""",
)
CLUSTER_IP = Code(
    "MC1321",
    "unexpected-cluster-ip",
    Severity.ERROR,
    "`{field}` cannot be `{value}` in a Service of type {type}",
    "A Service of type ExternalName has no address. A Service of type NodePort or LoadBalancer cannot be headless."
    """

Bad:

```yaml
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec:
  type: NodePort
  clusterIP: None # MC1321
  selector: {app: cart}
  ports: [{name: http, port: 80}]
```

Good:

```yaml
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec:
  type: NodePort
  clusterIP: 10.0.0.10
  selector: {app: cart}
  ports: [{name: http, port: 80}]
```""",
)
ENDPOINT_ADDRESS = Code(
    "MC1322",
    "unusable-endpoint-address",
    Severity.ERROR,
    "`{value}` cannot be the address of an endpoint: it is {problem}",
    "The API server rejects endpoints with loopback, link-local and unspecified addresses. For a service outside the "
    "cluster, use the address at which Pods reach it.",
)
INGRESS_PATH = Code(
    "MC1330",
    "invalid-ingress-path",
    Severity.ERROR,
    "`{field}` is `{path}`, which {problem}",
    "The path of an Ingress starts with `/`. A path of type Exact or Prefix must be normalized: it cannot contain "
    "`//`, `/./`, `/../` or an encoded slash."
    """

Bad:

```yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: cart, namespace: shop}
spec:
  rules:
    - http:
        paths:
          - path: api # MC1330
            pathType: Prefix
            backend: {service: {name: cart, port: {number: 80}}}
```

Good:

```yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: cart, namespace: shop}
spec:
  rules:
    - http:
        paths:
          - path: /api
            pathType: Prefix
            backend: {service: {name: cart, port: {number: 80}}}
```""",
)
