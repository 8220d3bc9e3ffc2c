"""Models of Kubernetes kinds: strict about modelled fields, and lenient about all others."""

from typing import Any

import pytest

from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document
from meshcompile.models.base import Resource
from meshcompile.models.read import read
from meshcompile.models.registry import KINDS


def loaded(kind: str, api_version: str = "v1", **fields: Any) -> tuple[Any, tuple[Diagnostic, ...]]:
    return read(Document("a.yaml", {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, **fields}))


def model(kind: str, api_version: str = "v1", **fields: Any) -> Any:
    resource, problems = loaded(kind, api_version, **fields)
    assert problems == ()
    return resource


SELECTING = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
TEMPLATE: dict[str, Any] = {"spec": {"containers": []}}
REQUIRED: dict[str, dict[str, Any]] = {
    **{kind: {"spec": {"selector": {}, "template": TEMPLATE}} for kind in SELECTING},
    "Job": {"spec": {"template": TEMPLATE}},
    "CronJob": {"spec": {"schedule": "@daily", "jobTemplate": {"spec": {"template": TEMPLATE}}}},
    "EndpointSlice": {"addressType": "IPv4"},
    "CustomResourceDefinition": {
        "spec": {
            "group": "a.example",
            "scope": "Cluster",
            "names": {"kind": "A", "plural": "as"},
            "versions": [{"name": "v1", "served": True, "storage": True}],
        }
    },
}


@pytest.mark.parametrize("kind", [k for k in KINDS if k.module.startswith("kubernetes.")], ids=lambda kind: kind.name)
def test_a_kind_needs_little(kind: Any) -> None:
    """Every Kubernetes kind is read with its required fields, and has its registered class."""
    found = model(kind.name, kind.api_versions[0], **REQUIRED.get(kind.name, {}))
    assert isinstance(found, Resource)
    assert (type(found).__name__, found.kind, found.name) == (kind.name, kind.name, "a")


def test_fields_without_meaning_for_a_mesh_are_passed_over() -> None:
    """Fields without a model are accepted at any depth."""
    pod = model(
        "Pod",
        spec={
            "tolerations": [{"key": "a"}],
            "containers": [{"name": "app", "resources": {"limits": {"cpu": 1}}, "volumeMounts": None}],
        },
        status={"qosClass": "Burstable", "containerStatuses": [{"ready": True}]},
    )
    assert pod.spec.containers[0].name == "app"


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"ports": [{"port": "80"}]}, "spec.ports[0].port"),
        ({"ports": {"port": 80}}, "spec.ports"),
        ({"selector": {"app": 1}}, "spec.selector.app"),
        ({"publishNotReadyAddresses": "yes"}, "spec.publishNotReadyAddresses"),
        ({"clusterIP": 10}, "spec.clusterIP"),
    ],
)
def test_fields_with_meaning_are_checked(spec: dict[str, Any], field: str) -> None:
    """A modelled field of the wrong type is an error at its position."""
    resource, problems = loaded("Service", spec=spec)
    assert resource is None
    assert [problem.field for problem in problems] == [field]


@pytest.mark.parametrize(
    ("port", "target"),
    [
        ({"port": 80}, 80),
        ({"port": 80, "targetPort": 8080}, 8080),
        ({"port": 80, "targetPort": 0}, 80),
        ({"port": 80, "targetPort": "web"}, "web"),
        ({"port": 80, "targetPort": "8080"}, "8080"),
    ],
)
def test_defaults_of_a_service_port(port: dict[str, Any], target: int | str) -> None:
    """A port defaults to TCP and to the same target port. A quoted number is a name."""
    (found,) = model("Service", spec={"ports": [port]}).spec.ports
    assert (found.protocol, found.effective_target_port) == ("TCP", target)


def test_kubernetes_spellings() -> None:
    """Names with abbreviations are spelled like in Kubernetes."""
    spec = {
        "clusterIP": "None",
        "clusterIPs": ["None"],
        "externalIPs": ["1.2.3.4"],
        "loadBalancerIP": "1.2.3.5",
        "ipFamilies": ["IPv4"],
    }
    service = model("Service", spec=spec)
    assert service.is_headless
    assert service.spec.external_ips == ("1.2.3.4",)
    assert service.spec.load_balancer_ip == "1.2.3.5"
    pod = model("Pod", status={"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}], "hostIP": "10.1.0.1"})
    assert (pod.status.pod_ip, pod.status.pod_ips[0].ip, pod.status.host_ip) == ("10.0.0.1", "10.0.0.1", "10.1.0.1")


def test_nulls_are_absent() -> None:
    """Null means absent, as in kubectl's output."""
    found = model("EndpointSlice", "discovery.k8s.io/v1", addressType="IPv4", endpoints=None, ports=[{"port": None}])
    assert (found.endpoints, found.ports[0].port) == ((), None)


def test_a_slice_names_its_service() -> None:
    """The Service of an EndpointSlice is in its label."""
    labels = {"kubernetes.io/service-name": "web"}
    document = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "web-x", "labels": labels},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": False}, "targetRef": {"name": "web-0"}}],
    }
    found: Any = read(Document("a.yaml", document))[0]
    assert found.service_name == "web"
    assert (found.endpoints[0].conditions.ready, found.endpoints[0].conditions.serving) == (False, None)
    assert found.endpoints[0].target_ref.origin.field == "endpoints[0].targetRef"


def test_a_service_account_has_a_default() -> None:
    """A Pod without a service account uses `default`."""
    assert model("Pod", spec={"containers": []}).spec.service_account == "default"
    assert model("Pod", spec={"containers": [], "serviceAccountName": "web"}).spec.service_account == "web"


def test_templates_of_workloads_are_read() -> None:
    """Labels and ports of a template are read for every kind that creates Pods."""
    container = {"name": "app", "ports": [{"containerPort": 80}]}
    template = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [container]}}
    for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"):
        found = model(kind, "apps/v1", spec={"selector": {}, "template": template})
        assert found.spec.template.metadata.labels == {"app": "a"}
        assert found.spec.template.spec.containers[0].ports[0].container_port == 80
    job = model("CronJob", "batch/v1", spec={"schedule": "@daily", "jobTemplate": {"spec": {"template": template}}})
    assert job.spec.job_template.spec.template.metadata.labels == {"app": "a"}


BACKEND = {"service": {"name": "a", "port": {"number": 80}}}


def test_an_ingress_is_read() -> None:
    """A backend is a Service with a port by name or number, or another object."""
    ingress = model(
        "Ingress",
        "networking.k8s.io/v1",
        spec={
            "ingressClassName": "istio",
            "tls": [{"hosts": ["a.com"], "secretName": "a"}],
            "rules": [
                {
                    "host": "a.com",
                    "http": {
                        "paths": [
                            {
                                "path": "/",
                                "pathType": "Prefix",
                                "backend": {"service": {"name": "a", "port": {"number": 80}}},
                            }
                        ]
                    },
                }
            ],
        },
    )
    (path,) = ingress.spec.rules[0].http.paths
    assert (path.path_type, path.backend.service.port.number, path.backend.service.port.name) == ("Prefix", 80, "")
