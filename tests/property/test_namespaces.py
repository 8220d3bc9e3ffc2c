"""What sidecars of several namespaces share is invisible: each namespace gets what it would get alone."""

from __future__ import annotations

from unittest.mock import PropertyMock, patch

from hypothesis import given, settings
from hypothesis import strategies as st

import meshcompile
from meshcompile.resolve.routes.route_key import RouteKey
from tests.property.test_sharing import told

NAMESPACES = ("red", "green", "blue", "istio-system")
EXPORTS: tuple[list[str], ...] = ([], ["*"], ["."], ["~"], ["red"], [".", "green"], ["red", "green"])
HOSTS = (
    "web.red.svc.cluster.local",
    "web.green.svc.cluster.local",
    "web",
    "api",
    "shared.example",
    "*.example",
    "*.svc.cluster.local",
    "*",
)

namespaces = st.sampled_from(NAMESPACES)
exports = st.sampled_from(EXPORTS)
hosts = st.sampled_from(HOSTS)
addresses = st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.3", "None"])
versions = st.sampled_from(["v1", "v2"])


def named(kind: str, name: str, namespace: str, spec: object, **metadata: object) -> dict[str, object]:
    group = {"Service": "v1", "Pod": "v1"}.get(kind, "networking.istio.io/v1")
    meta = {"name": name, "namespace": namespace, **metadata}
    return {"apiVersion": group, "kind": kind, "metadata": meta, "spec": spec}


@st.composite
def service(draw: st.DrawFn) -> dict[str, object]:
    name, namespace = draw(st.sampled_from(["web", "api", "shared"])), draw(namespaces)
    ports = [{"name": "http", "port": 80}, {"name": "tcp", "port": 90}, {"name": "grpc-api", "port": 8080}]
    exported = {"networking.istio.io/exportTo": ",".join(draw(exports))}
    if draw(st.booleans()):
        spec = {"type": "ExternalName", "externalName": draw(st.sampled_from(HOSTS[:2])), "ports": ports}
    else:
        spec = {"clusterIP": draw(addresses), "selector": {"app": name}, "ports": draw(st.permutations(ports))}
    return named("Service", name, namespace, spec, annotations=exported if draw(st.booleans()) else {})


@st.composite
def service_entry(draw: st.DrawFn) -> dict[str, object]:
    host = draw(st.sampled_from(["shared.example", "web", "api", "web.red.svc.cluster.local", "*.example"]))
    spec = {
        "hosts": [host],
        "exportTo": draw(exports),
        "resolution": "NONE" if host.startswith("*") else "STATIC",
        "location": "MESH_EXTERNAL",
        "ports": [{"number": draw(st.sampled_from([80, 443])), "name": "http", "protocol": "HTTP"}],
    }
    return named("ServiceEntry", f"entry-{draw(st.integers(0, 3))}", draw(namespaces), spec)


@st.composite
def destination_rule(draw: st.DrawFn) -> dict[str, object]:
    limit = draw(st.integers(1, 3))
    spec: dict[str, object] = {
        "host": draw(hosts),
        "exportTo": draw(exports),
        "trafficPolicy": {"connectionPool": {"http": {"http1MaxPendingRequests": limit}}},
    }
    if draw(st.booleans()):
        spec["workloadSelector"] = {"matchLabels": {"version": draw(versions)}}
    return named("DestinationRule", f"rule-{draw(st.integers(0, 3))}", draw(namespaces), spec)


@st.composite
def virtual_service(draw: st.DrawFn) -> dict[str, object]:
    match: dict[str, object] = {"headers": {"x": {"exact": "y"}}}
    if draw(st.booleans()):
        match["sourceNamespace"] = draw(namespaces)
    destination = {"host": draw(st.sampled_from(HOSTS[:5])), "port": {"number": 80}}
    routes = [{"match": [match], "route": [{"destination": destination}]}, {"route": [{"destination": destination}]}]
    spec = {"hosts": [draw(hosts)], "exportTo": draw(exports), "http": routes}
    semantics = {"internal.istio.io/route-semantics": "gateway"} if draw(st.booleans()) else {}
    return named("VirtualService", f"route-{draw(st.integers(0, 3))}", draw(namespaces), spec, annotations=semantics)


@st.composite
def sidecar_object(draw: st.DrawFn) -> dict[str, object]:
    spec = {"egress": [{"hosts": [draw(st.sampled_from(["./*", "*/*", "red/*", "~/*"]))]}]}
    return named("Sidecar", "default", draw(namespaces), spec)


def clients(namespace: str) -> list[dict[str, object]]:
    """A Pod of each version in a namespace."""
    return [
        {
            **named("Pod", f"client-{version}", namespace, {"containers": [{"name": "c"}, {"name": "istio-proxy"}]}),
            "status": {"phase": "Running", "podIP": f"10.9.{number}.{NAMESPACES.index(namespace)}"},
        }
        for number, version in enumerate(("v1", "v2"))
    ]


objects = st.builds(
    lambda *groups: [each for group in groups for each in group],
    st.lists(st.one_of(service(), service_entry()), min_size=1, max_size=4),
    st.lists(virtual_service(), max_size=3),
    st.lists(destination_rule(), max_size=3),
    st.lists(sidecar_object(), max_size=1),
)


@settings(max_examples=150, deadline=None)
@given(objects)
def test_a_namespace_gets_what_it_would_get_alone(given_objects: list[dict[str, object]]) -> None:
    """Sidecars of all namespaces get the same with shared views and names as with those of their own namespace."""
    pods = [pod for namespace in NAMESPACES for pod in clients(namespace)]
    everything = [*given_objects, *pods]
    shared = meshcompile.load(everything)
    found = [told(shared, proxy) for proxy in shared.proxies()]
    with (
        patch("meshcompile.resolve.scope.sidecar.view_of", lambda snapshot, namespace: namespace),
        patch.object(RouteKey, "of_no_namespace", PropertyMock(return_value=None)),
    ):
        alone = meshcompile.load(everything)
        assert [told(alone, proxy) for proxy in alone.proxies()] == found
    assert len(found) == len(pods)
