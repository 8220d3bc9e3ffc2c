"""The API server's rules for Kubernetes kinds: a valid object, with one change at a time."""

import copy
from typing import Any

import pytest
import yaml

from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.documents import Document
from meshcompile.models.read import read
from meshcompile.validate import violations

VALID = yaml.safe_load("""
Service:
  apiVersion: v1
  spec:
    type: ClusterIP
    clusterIP: 10.0.0.1
    selector: {app: a}
    ports: [{name: http, port: 80, targetPort: web}, {name: dns, port: 53, protocol: UDP, targetPort: 5353}]
Headless:
  apiVersion: v1
  kind: Service
  spec: {clusterIP: None}
ExternalName:
  apiVersion: v1
  kind: Service
  spec: {type: ExternalName, externalName: db.example.com.}
Pod:
  apiVersion: v1
  spec:
    serviceAccountName: a.b
    initContainers: [{name: init}]
    containers:
      - {name: app, ports: [{containerPort: 80, name: http}, {containerPort: 80, name: udp, protocol: UDP}]}
      - {name: other, ports: [{containerPort: 8080, name: http}]}
Deployment:
  apiVersion: apps/v1
  spec: &workload
    selector:
      matchLabels: {app: a}
      matchExpressions: [{key: app, operator: In, values: [a, b]}, {key: x, operator: DoesNotExist}]
    template:
      metadata: {labels: {app: a, version: v1}, annotations: {Sidecar.Istio.io/x: "{}"}}
      spec: {containers: [{name: app}]}
ReplicaSet: {apiVersion: apps/v1, spec: *workload}
CronJob:
  apiVersion: batch/v1
  spec: {schedule: "@daily", jobTemplate: {spec: {template: {spec: {containers: [{name: app}]}}}}}
EndpointSlice:
  apiVersion: discovery.k8s.io/v1
  addressType: IPv4
  endpoints: [{addresses: [10.0.0.1], hostname: a-0}]
  ports: [{name: http, port: 80}, {name: "", port: 81}]
Endpoints:
  apiVersion: v1
  subsets: [{addresses: [{ip: 10.0.0.1}], ports: [{name: http, port: 80}, {name: https, port: 443}]}]
Ingress:
  apiVersion: networking.k8s.io/v1
  spec:
    ingressClassName: istio
    tls: [{hosts: ["*.a.com"], secretName: cert}]
    rules:
      - host: "*.a.com"
        http:
          paths:
            - {path: /, pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}
            - {pathType: ImplementationSpecific, backend: {service: {name: a, port: {name: http}}}}
            - {path: /b, pathType: Exact, backend: {resource: {kind: Bucket, name: b}}}
IngressClass: {apiVersion: networking.k8s.io/v1, spec: {controller: istio.io/ingress-controller}}
ConfigMap: {apiVersion: v1, data: {a.b-c_D: text}, binaryData: {e: YQ==}}
Secret:
  apiVersion: v1
  type: kubernetes.io/tls
  data: {tls.crt: YQ==}
  stringData: {tls.key: a}
Namespace: {apiVersion: v1}
VirtualService:
  apiVersion: networking.istio.io/v1
  spec: {hosts: [a], http: [{route: [{destination: {host: a}}]}]}
""")


def document(name: str, change: str = "", value: Any = None) -> Document:
    """The valid object with this name, with a value set at a path such as `spec.ports.0.port`, or removed for `...`."""
    written = {
        "kind": name,
        "metadata": {"name": "a", "namespace": "shop", "labels": {"app.kubernetes.io/name": "a"}},
        **copy.deepcopy(VALID[name]),
    }
    *above, last = [int(key) if key.isdigit() else key.replace("~", ".") for key in change.split(".")]
    place: Any = written
    for key in above:
        place = place[key]
    if change and value is ...:
        del place[last]
    elif change:
        place[last] = value
    return Document("a.yaml", written)


def found(name: str, change: str = "", value: Any = None) -> list[Diagnostic]:
    resource, problems = read(document(name, change, value))
    assert resource is not None, problems
    return list(violations(resource))


@pytest.mark.parametrize("name", VALID)
def test_valid_objects_are_silent(name: str) -> None:
    """An object that the API server accepts has no findings."""
    assert found(name) == []


@pytest.mark.parametrize(
    ("name", "change", "value", "field", "words"),
    [
        ("Service", "metadata.name", "Foo_Bar", "metadata.name", "not a DNS label"),
        ("Service", "metadata.name", "a.b", "metadata.name", "not a DNS label"),
        ("Service", "metadata.name", "1a", "metadata.name", "starts with a digit"),
        ("VirtualService", "metadata.name", "Foo_Bar", "metadata.name", "not a DNS name"),
        ("VirtualService", "metadata.name", "a" * 254, "metadata.name", "not a DNS name"),
        ("VirtualService", "metadata.namespace", "a.b", "metadata.namespace", "not a DNS label"),
        ("Namespace", "metadata.name", "a.b", "metadata.name", "not a DNS label"),
        ("CronJob", "metadata.name", "a" * 53, "metadata.name", "52 characters"),
        ("Pod", "metadata.labels", {"a/b/c": ""}, 'metadata.labels["a/b/c"]', "before the `/`"),
        ("Pod", "metadata.labels", {"A.com/b": ""}, 'metadata.labels["A.com/b"]', "before the `/`"),
        ("Pod", "metadata.labels", {"-a": ""}, 'metadata.labels["-a"]', "must consist of"),
        ("Pod", "metadata.labels", {"a": "b c"}, "metadata.labels.a", "the value must consist of"),
        ("Pod", "metadata.labels", {"a": "b" * 64}, "metadata.labels.a", "longer than 63"),
        ("Pod", "metadata.labels", {"a" * 64: ""}, f"metadata.labels.{'a' * 64}", "longer than 63"),
        ("Pod", "metadata.annotations", {"a b": ""}, 'metadata.annotations["a b"]', "annotation `a b`"),
        ("Service", "spec.ports", [], "spec", "`spec.ports` is missing"),
        ("Service", "spec.ports.0.name", ..., "spec.ports[0]", "`spec.ports[0].name` is missing"),
        ("Service", "spec.ports.0.name", "HTTP", "spec.ports[0].name", "not a DNS label"),
        ("Service", "spec.ports.1.name", "http", "spec.ports[1].name", "port `http` appears twice"),
        ("Service", "spec.ports.1", {"name": "b", "port": 80}, "spec.ports[1]", "`80/TCP` appears twice"),
        ("Service", "spec.ports.0.port", 99999, "spec.ports[0].port", "99999 is not a valid port"),
        ("Service", "spec.ports.0.port", 0, "spec.ports[0].port", "0 is not a valid port"),
        ("Service", "spec.ports.0.protocol", "FOO", "spec.ports[0].protocol", "not `FOO`"),
        ("Service", "spec.ports.0.protocol", "tcp", "spec.ports[0].protocol", "did you mean `TCP`"),
        ("Service", "spec.ports.0.targetPort", "8080", "spec.ports[0].targetPort", "at least one letter"),
        ("Service", "spec.ports.0.targetPort", "a--b", "spec.ports[0].targetPort", "not a port name"),
        ("Service", "spec.ports.0.targetPort", "a" * 16, "spec.ports[0].targetPort", "at most 15"),
        ("Service", "spec.ports.0.targetPort", 70000, "spec.ports[0].targetPort", "70000 is not a valid port"),
        ("Service", "spec.ports.0.nodePort", 30000, "spec.ports[0].nodePort", "type ClusterIP"),
        ("Service", "spec.type", "Clusterip", "spec.type", "did you mean `ClusterIP`"),
        ("Service", "spec.sessionAffinity", "Cookie", "spec.sessionAffinity", "not `Cookie`"),
        ("Service", "spec.clusterIP", "10.0.0", "spec.clusterIP", "not an IP address or `None`"),
        ("Service", "spec.externalIPs", ["a"], "spec.externalIPs[0]", "not an IP address"),
        ("Service", "spec.selector", {"a": "b c"}, "spec.selector.a", "the value must consist of"),
        ("Headless", "spec.type", "NodePort", "spec.clusterIP", "cannot be `None`"),
        ("ExternalName", "spec.externalName", ..., "spec", "`spec.externalName` is missing"),
        ("ExternalName", "spec.externalName", "a_b", "spec.externalName", "not a DNS name"),
        ("ExternalName", "spec.clusterIP", "10.0.0.1", "spec.clusterIP", "type ExternalName"),
        ("Pod", "status", {"podIP": "10.0.0"}, "status.podIP", "`10.0.0` is not an IP address"),
        ("Pod", "status", {"podIPs": [{}]}, "status.podIPs[0].ip", "not an IP address"),
        ("Pod", "spec.containers", [], "spec", "`spec.containers` is missing"),
        ("Pod", "spec.containers.1.name", "app", "spec.containers[1].name", "container `app` appears twice"),
        ("Pod", "spec.containers.1.name", "init", "spec.containers[1].name", "container `init` appears twice"),
        ("Pod", "spec.containers.1.name", "a.b", "spec.containers[1].name", "not a DNS label"),
        ("Pod", "spec.containers.0.ports.1.name", "http", "spec.containers[0].ports[1].name", "`http` appears twice"),
        ("Pod", "spec.containers.0.ports.0.name", "80", "spec.containers[0].ports[0].name", "not a port name"),
        (
            "Pod",
            "spec.containers.0.ports.0.containerPort",
            -1,
            "spec.containers[0].ports[0].containerPort",
            "not a valid port",
        ),
        ("Pod", "spec.containers.0.ports.0.protocol", "tcp", "spec.containers[0].ports[0].protocol", "`TCP`"),
        ("Pod", "spec.serviceAccountName", "a_b", "spec.serviceAccountName", "not a DNS name"),
        ("Deployment", "spec.selector", {}, "spec.selector", "it is empty"),
        ("Deployment", "spec.selector", {"matchLabels": {"app": "b"}}, "spec.selector", "`app` is `b` here and `a` in"),
        ("ReplicaSet", "spec.selector", {"matchLabels": {"b": "b"}}, "spec.selector", "no label `b`"),
        ("Deployment", "spec.selector.matchExpressions.0.values", ["c"], "spec.selector", "`app` In does not hold"),
        (
            "Deployment",
            "spec.selector.matchExpressions.0.operator",
            "Is",
            "spec.selector.matchExpressions[0].operator",
            "one of In, NotIn",
        ),
        (
            "Deployment",
            "spec.selector.matchExpressions.0.values",
            ...,
            "spec.selector.matchExpressions[0].operator",
            "In needs `values`",
        ),
        (
            "Deployment",
            "spec.selector.matchExpressions.1.values",
            ["a"],
            "spec.selector.matchExpressions[1].operator",
            "accepts no `values`",
        ),
        ("Deployment", "spec.template.metadata.labels.x-", "b", "spec.template.metadata.labels.x-", "must consist of"),
        (
            "CronJob",
            "spec.jobTemplate.spec.template.spec.containers.0.name",
            "A",
            "spec.jobTemplate.spec.template.spec.containers[0].name",
            "not a DNS label",
        ),
        ("EndpointSlice", "addressType", "IPv5", "addressType", "one of IPv4, IPv6, FQDN"),
        ("EndpointSlice", "endpoints.0.addresses", [], "endpoints[0]", "`endpoints[0].addresses` is missing"),
        ("EndpointSlice", "endpoints.0.addresses.0", "a", "endpoints[0].addresses[0]", "not an IPv4 address"),
        ("EndpointSlice", "endpoints.0.addresses.0", "fd00::1", "endpoints[0].addresses[0]", "not an IPv4 address"),
        ("EndpointSlice", "endpoints.0.addresses.0", "127.0.0.1", "endpoints[0].addresses[0]", "a loopback address"),
        ("EndpointSlice", "ports.1.name", "http", "ports[1].name", "`http` appears twice"),
        ("EndpointSlice", "ports.0.protocol", "HTTP", "ports[0].protocol", "not `HTTP`"),
        ("Endpoints", "subsets.0.addresses", [], "subsets[0]", "`subsets[0].addresses` is missing"),
        ("Endpoints", "subsets.0.addresses.0.ip", "169.254.1.1", "subsets[0].addresses[0].ip", "a link-local address"),
        ("Endpoints", "subsets.0.ports.0.name", "", "subsets[0].ports[0]", "`subsets[0].ports[0].name` is missing"),
        ("Endpoints", "subsets.0.ports.0.port", 0, "subsets[0].ports[0].port", "0 is not a valid port"),
        ("Ingress", "spec.rules", [], "spec", "no `defaultBackend` either"),
        ("Ingress", "spec.rules.0.host", "10.0.0.1", "spec.rules[0].host", "it is an IP address"),
        ("Ingress", "spec.rules.0.host", "a.*.com", "spec.rules[0].host", "not a DNS name"),
        ("Ingress", "spec.tls.0.hosts.0", "A.com", "spec.tls[0].hosts[0]", "not a DNS name"),
        ("Ingress", "spec.rules.0.http.paths", [], "spec.rules[0].http", "paths` is missing"),
        ("Ingress", "spec.rules.0.http.paths.0.pathType", "prefix", "spec.rules[0].http.paths[0].pathType", "`Prefix`"),
        ("Ingress", "spec.rules.0.http.paths.0.path", "a", "spec.rules[0].http.paths[0].path", "start with `/`"),
        ("Ingress", "spec.rules.0.http.paths.0.path", ..., "spec.rules[0].http.paths[0]", "path` is missing"),
        ("Ingress", "spec.rules.0.http.paths.0.path", "/a//b", "spec.rules[0].http.paths[0].path", "contains `//`"),
        ("Ingress", "spec.rules.0.http.paths.2.path", "/a/..", "spec.rules[0].http.paths[2].path", "ends with `/..`"),
        (
            "Ingress",
            "spec.rules.0.http.paths.0.backend",
            {},
            "spec.rules[0].http.paths[0].backend",
            "a backend needs a Service or a `resource`",
        ),
        (
            "Ingress",
            "spec.rules.0.http.paths.0.backend.resource",
            {"kind": "A", "name": "b"},
            "spec.rules[0].http.paths[0].backend",
            "only one of",
        ),
        (
            "Ingress",
            "spec.rules.0.http.paths.0.backend.service.port",
            {},
            "spec.rules[0].http.paths[0].backend.service.port",
            "its `number` or its `name`",
        ),
        (
            "Ingress",
            "spec.rules.0.http.paths.0.backend.service.port.name",
            "http",
            "spec.rules[0].http.paths[0].backend.service.port",
            "only one of",
        ),
        ("IngressClass", "spec.controller", ..., "spec", "`spec.controller` is missing"),
        ("ConfigMap", "data", {"a/b": ""}, 'data["a/b"]', "a key of data"),
        ("ConfigMap", "data", {"..a": ""}, 'data["..a"]', "a key of data"),
        ("ConfigMap", "binaryData.e", "?", "binaryData.e", "base64"),
        ("Secret", "data.tls~crt", "a b", 'data["tls.crt"]', "base64"),
        ("Secret", "stringData", {}, "", "data[tls.key]"),
    ],
)
def test_what_the_api_server_refuses(name: str, change: str, value: Any, field: str, words: str) -> None:
    """One invalid change gives one finding at its position, and the object is still used."""
    (problem,) = found(name, change, value)
    assert problem.field == field
    assert words in problem.message
    assert not problem.rejected
    assert (problem.severity is Severity.WARNING) == (problem.code == "MC1304")


@pytest.mark.parametrize(
    ("name", "change", "value"),
    [
        ("Service", "metadata.name", "a" * 63),
        ("VirtualService", "metadata.name", "1.a-b.c"),
        ("Pod", "metadata.labels", {"a.b/C_d.e-f": "A_b.c-d", "x" * 63: "", "y": "b" * 63}),
        ("Pod", "metadata.annotations", {"A.com/B": "any text"}),
        ("Service", "spec.ports.0.targetPort", 0),
        ("Service", "spec.ports.0.targetPort", "p-8080"),
        ("Service", "spec.ports", [{"port": 80}]),
        ("Service", "spec.ports.1", {"name": "b", "port": 80, "protocol": "UDP"}),
        ("Service", "spec.clusterIP", "fd00::1"),
        ("Service", "spec.selector", {}),
        ("Pod", "spec.containers.1.ports.0.containerPort", 80),
        ("EndpointSlice", "endpoints", []),
        ("Ingress", "spec.rules.0", {"host": "a.com"}),
        ("Secret", "data.tls~crt", "YQ==\n"),
        ("Secret", "type", "example.com/mine"),
        ("Secret", "data.tls~crt", "ENC[AES256_GCM,data:x,type:str]"),
    ],
)
def test_near_misses_are_silent(name: str, change: str, value: Any) -> None:
    """A valid change that is close to a mistake has no findings."""
    assert found(name, change, value) == []
