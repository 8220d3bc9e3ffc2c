"""Codes of objects that the API server rejects, apart from unknown fields and wrong types: MC13xx."""

from meshcompile.diagnostics import Code, Severity

INVALID_NAME = Code(
    "MC1301",
    "invalid-object-name",
    Severity.ERROR,
    "`{field}` is `{value}`, which is not {expected}",
    "The API server checks the names of objects, namespaces, containers and ports, and the keys of ConfigMaps and "
    "Secrets. It rejects an object with an invalid name.",
)
LABEL = Code(
    "MC1302",
    "invalid-object-label",
    Severity.ERROR,
    "label `{label}` is not valid: {problem}",
    "The name and the value of a label have at most 63 characters: letters, digits, `-`, `_` and `.`, with a letter or "
    "a digit at both ends. The name may have a prefix: a lowercase DNS name followed by `/`. The value may be empty.",
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
    "The name of a Service starts with a letter. Only recent releases of Kubernetes also accept a digit.",
)
SELECTOR = Code(
    "MC1310",
    "selector-without-template",
    Severity.ERROR,
    "`{field}` does not select the Pods of its own template: {problem}",
    "The selector of a workload must match the labels in `spec.template.metadata.labels` and must not be empty. "
    "Otherwise the workload does not find the Pods that it creates.",
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
    "Only Services of type NodePort and LoadBalancer have node ports. Set `type`, or remove `nodePort`.",
)
CLUSTER_IP = Code(
    "MC1321",
    "unexpected-cluster-ip",
    Severity.ERROR,
    "`{field}` cannot be `{value}` in a Service of type {type}",
    "A Service of type ExternalName has no address. A Service of type NodePort or LoadBalancer cannot be headless.",
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
    "`//`, `/./`, `/../` or an encoded slash.",
)
