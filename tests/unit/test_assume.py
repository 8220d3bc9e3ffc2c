"""Assumptions for a mesh without Pods and EndpointSlices."""

from collections.abc import Iterable
from typing import Any

import pytest

from meshcompile.documents import Document
from meshcompile.models.base import Resource
from meshcompile.models.kubernetes.endpoint_slice import EndpointSlice
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.read import read
from meshcompile.snapshot.assume import assumed
from meshcompile.snapshot.assumed_pods import STATEFUL_LIMIT
from meshcompile.snapshot.resources import Assumed


def resource(kind: str, name: str, namespace: str = "prod", api_version: str = "v1", **fields: Any) -> Resource:
    metadata = {"name": name, "namespace": namespace, **fields.pop("metadata", {})}
    document = Document(f"{name}.yaml", {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields})
    found, problems = read(document)
    assert found is not None, problems
    return found


def deployment(name: str, labels: dict[str, str], kind: str = "Deployment", **spec: Any) -> Resource:
    app = {"name": "app", "image": "app", "ports": spec.pop("ports", [])}
    template = {
        "metadata": {"labels": labels, "annotations": spec.pop("annotations", {})},
        "spec": {"containers": spec.pop("containers", [app])},
    }
    spec = {"selector": {"matchLabels": labels}, "template": template, **spec}
    return resource(kind, name, api_version="apps/v1", spec=spec)


def service(name: str, selector: dict[str, str], **spec: Any) -> Resource:
    ports = spec.pop("ports", [{"name": "http", "port": 80, "targetPort": 3000}])
    return resource("Service", name, spec={"selector": selector, "ports": ports, **spec})


def namespace(name: str = "prod", **labels: str) -> Resource:
    return resource("Namespace", name, metadata={"labels": {key.replace("_", "-"): v for key, v in labels.items()}})


def made(kind: type[Any], resources: Iterable[Resource]) -> list[Any]:
    return [found for found in assumed(resources).resources if isinstance(found, kind)]


CATALOG = deployment("catalog-v1", {"app": "catalog", "version": "v1"}, ports=[{"name": "http", "containerPort": 3000}])
INJECTED = namespace(istio_injection="enabled")
INJECT = "sidecar.istio.io/inject"
NO_INJECTION = {INJECT: "false"}


def test_a_deployment_becomes_one_running_pod_with_a_sidecar() -> None:
    """A Deployment without Pods in an injected namespace gets one running Pod with the labels of injection."""
    (pod,) = made(Pod, [CATALOG, INJECTED])
    assert (pod.name, pod.namespace, pod.status.phase) == ("catalog-v1-0", "prod", "Running")
    assert pod.status.pod_ip.startswith("198.18.")
    assert [container.name for container in pod.spec.containers] == ["app", "istio-proxy"]
    assert pod.metadata.labels == {
        "app": "catalog",
        "version": "v1",
        "security.istio.io/tlsMode": "istio",
        "service.istio.io/canonical-name": "catalog",
        "service.istio.io/canonical-revision": "v1",
    }
    assert pod.spec.service_account_name == "default"
    assert pod.origin == CATALOG.origin


def test_an_endpoint_slice_and_an_address_are_assumed_for_a_service() -> None:
    """A Service that selects an assumed Pod gets endpoints and an address."""
    found = [CATALOG, INJECTED, service("catalog", {"app": "catalog"})]
    (endpoints,), (catalog,), (pod,) = made(EndpointSlice, found), made(Service, found), made(Pod, found)
    assert endpoints.service_name == "catalog"
    assert [(port.name, port.port) for port in endpoints.ports] == [("http", 3000)]
    assert [endpoint.addresses for endpoint in endpoints.endpoints] == [(pod.status.pod_ip,)]
    assert endpoints.endpoints[0].target_ref.name == "catalog-v1-0"
    assert catalog.spec.cluster_ip.startswith("198.19.")
    assert catalog.origin == found[2].origin


def test_each_assumption_is_reported() -> None:
    """Assumed Pods, endpoints and addresses are each reported as an info at their source."""
    diagnostics = assumed([CATALOG, INJECTED, service("catalog", {"app": "catalog"})]).diagnostics
    assert [(d.code, d.severity, d.file) for d in diagnostics] == [
        ("MC1201", "info", "catalog-v1.yaml"),
        ("MC1202", "info", "catalog.yaml"),
        ("MC1203", "info", "catalog.yaml"),
    ]


def test_stated_pods_hold() -> None:
    """A workload with a Pod in the input gets no assumed Pod, and a Service that selects only it is unchanged."""
    pod = resource(
        "Pod", "catalog-v1-x", metadata={"labels": {"app": "catalog", "version": "v1"}}, status={"podIP": "10.0.0.1"}
    )
    given = (CATALOG, INJECTED, pod, service("catalog", {"app": "catalog"}))
    assert assumed(given) == Assumed(given)


def test_stated_endpoints_hold() -> None:
    """A Service with an EndpointSlice keeps it, and gets no address."""
    stated = resource(
        "EndpointSlice",
        "catalog-abc",
        api_version="discovery.k8s.io/v1",
        metadata={"labels": {"kubernetes.io/service-name": "catalog"}},
        addressType="IPv4",
        endpoints=[],
    )
    found = [CATALOG, INJECTED, stated, service("catalog", {"app": "catalog"})]
    assert made(EndpointSlice, found) == [stated]
    assert made(Service, found)[0].spec.cluster_ip == ""


def test_a_service_without_workload_stays_as_it_is() -> None:
    """A Service that selects nothing gets neither endpoints nor an address."""
    given = (service("ghost", {"app": "ghost"}), INJECTED)
    assert assumed(given) == Assumed(given)


@pytest.mark.parametrize(
    ("labels", "pod_labels", "annotations", "injected"),
    [
        ({"istio_injection": "enabled"}, {}, {}, True),
        ({"istio_injection": "enabled"}, {"sidecar.istio.io/inject": "false"}, {}, False),
        ({"istio_injection": "enabled"}, {}, NO_INJECTION, False),
        (
            {"istio_injection": "enabled"},
            {"sidecar.istio.io/inject": "true"},
            {"sidecar.istio.io/inject": "false"},
            True,
        ),
        ({"istio_injection": "disabled"}, {"sidecar.istio.io/inject": "true"}, {}, False),
        ({"istio.io/rev": "canary"}, {}, {}, True),
        ({}, {}, {}, False),
        ({}, {}, {"sidecar.istio.io/inject": "true"}, False),
        ({}, {"sidecar.istio.io/inject": "true"}, {}, True),
        ({}, {"istio.io/rev": "canary"}, {}, True),
    ],
)
def test_injection_follows_the_webhook(
    labels: dict[str, str], pod_labels: dict[str, str], annotations: dict[str, str], injected: bool
) -> None:
    """Labels of the namespace and the Pod decide about the sidecar, like the selectors of the webhook."""
    workload = deployment("a", {"app": "a", **pod_labels}, annotations=annotations)
    (pod,) = made(Pod, [workload, namespace(**labels)])
    assert ("istio-proxy" in [container.name for container in pod.spec.containers]) is injected
    assert (pod.metadata.labels.get("security.istio.io/tlsMode") == "istio") is injected


def test_a_gateway_keeps_its_container_and_has_no_tls_mode() -> None:
    """A Pod with the gateway template has only Envoy, and no label for mutual TLS."""
    gateway = deployment(
        "ingress",
        {"istio": "ingress", "sidecar.istio.io/inject": "true"},
        annotations={"inject.istio.io/templates": "gateway"},
        containers=[{"name": "istio-proxy", "image": "auto"}],
    )
    (pod,) = made(Pod, [gateway, namespace()])
    assert [container.name for container in pod.spec.containers] == ["istio-proxy"]
    assert pod.metadata.labels["service.istio.io/canonical-name"] == "ingress"
    assert "security.istio.io/tlsMode" not in pod.metadata.labels


def test_a_namespace_that_is_not_there_is_assumed_to_be_injected() -> None:
    """Without the Namespace object, workloads have sidecars, and an info reports the assumption."""
    found = assumed([CATALOG, deployment("web", {"app": "web"})])
    assert all("security.istio.io/tlsMode" in pod.metadata.labels for pod in found.resources if isinstance(pod, Pod))
    assert [d.code for d in found.diagnostics].count("MC1204") == 1


def test_a_guess_that_decides_nothing_is_not_reported() -> None:
    """A workload that sets its own injection needs no assumption about its Namespace."""
    workloads = [deployment("a", {"app": "a", INJECT: "true"}), deployment("b", {"app": "b", INJECT: "false"})]
    assert "MC1204" not in [d.code for d in assumed(workloads).diagnostics]


def test_ambient_pods_are_marked() -> None:
    """A Pod in an ambient namespace has the annotation for ztunnel."""
    ambient = resource("Namespace", "prod", metadata={"labels": {"istio.io/dataplane-mode": "ambient"}})
    (pod,) = made(Pod, [CATALOG, ambient])
    assert pod.metadata.annotations == {"ambient.istio.io/redirection": "enabled"}


def test_pods_of_a_stateful_set_have_names_of_their_own() -> None:
    """A StatefulSet gets a Pod per replica, and the endpoints have its hostname in the governing Service."""
    database = deployment("db", {"app": "db"}, kind="StatefulSet", replicas=3, serviceName="db")
    found = [database, INJECTED, service("db", {"app": "db"}, clusterIP="None")]
    assert [pod.name for pod in made(Pod, found)] == ["db-0", "db-1", "db-2"]
    (endpoints,) = made(EndpointSlice, found)
    assert [endpoint.hostname for endpoint in endpoints.endpoints] == ["db-0", "db-1", "db-2"]
    assert made(Service, found)[0].is_headless


def test_the_number_of_pods_is_limited() -> None:
    """Thousands of replicas become few Pods, and zero replicas become none."""
    assert len(made(Pod, [deployment("a", {"app": "a"}, kind="StatefulSet", replicas=5000)])) == STATEFUL_LIMIT
    assert len(made(Pod, [deployment("a", {"app": "a"}, replicas=5000)])) == 1
    assert made(Pod, [deployment("a", {"app": "a"}, replicas=0)]) == []


def test_named_target_ports_are_looked_up_in_each_pod() -> None:
    """Pods in which a named port has different numbers are in different slices."""
    old = deployment("old", {"app": "web", "v": "1"}, ports=[{"name": "web", "containerPort": 8080}])
    new = deployment("new", {"app": "web", "v": "2"}, ports=[{"name": "web", "containerPort": 9090}])
    web = service("web", {"app": "web"}, ports=[{"name": "http", "port": 80, "targetPort": "web"}])
    slices = made(EndpointSlice, [old, new, web, INJECTED])
    assert sorted(port.port for found in slices for port in found.ports) == [8080, 9090]


def test_owned_workloads_are_their_owners_matter() -> None:
    """A ReplicaSet of a Deployment gets no Pods of its own."""
    owner = [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "a", "uid": "1"}]
    owned = resource(
        "ReplicaSet",
        "a-5f",
        api_version="apps/v1",
        metadata={"ownerReferences": owner},
        spec={"replicas": 1, "selector": {}, "template": {"spec": {"containers": []}}},
    )
    assert made(Pod, [owned]) == []


def test_two_workloads_of_one_name_have_different_pods() -> None:
    """A Deployment and a StatefulSet of the same name do not share a Pod name or an address."""
    pods = made(Pod, [deployment("a", {"k": "d"}), deployment("a", {"k": "s"}, kind="StatefulSet"), INJECTED])
    assert len({pod.name for pod in pods}) == len({pod.status.pod_ip for pod in pods}) == 2
