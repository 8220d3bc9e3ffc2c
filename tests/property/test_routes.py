"""Envoy's requirements on route configurations hold for meshes of any kind."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import meshcompile
from tests.meshes import gateway, sidecar, virtual_hosts

names = st.sampled_from(["a", "b", "c"])
namespaces = st.sampled_from(["shop", "team"])
hosts = st.sampled_from(
    [
        "a",
        "b",
        "a.shop.svc.cluster.local",
        "A.example.com",
        "a.example.com",
        "*.example.com",
        "*.shop.svc.cluster.local",
        "*",
    ]
)
paths = st.sampled_from([{}, {"uri": {"prefix": "/"}}, {"uri": {"exact": "/x"}}, {"headers": {"h": {"exact": "1"}}}])


def _object(api: str, kind: str, name: str, namespace: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}


services = st.builds(
    lambda name, namespace, ports, address: _object(
        "v1",
        "Service",
        name,
        namespace,
        {"clusterIP": address, "ports": [{"name": f"http-{p}", "port": p} for p in ports]},
    ),
    names,
    namespaces,
    st.lists(st.sampled_from([80, 8080]), min_size=1, max_size=2, unique=True),
    st.sampled_from(["10.0.0.1", "10.0.0.2", "None"]),
)
rules = st.builds(
    lambda match, host: {"match": [match], "route": [{"destination": {"host": host}}]},
    paths,
    st.sampled_from(["a", "b"]),
)
virtual_services = st.builds(
    lambda name, namespace, hosts, rules, gateways: _object(
        "networking.istio.io/v1",
        "VirtualService",
        name,
        namespace,
        # a lone star is not allowed in the mesh
        {"hosts": hosts, "http": rules, "gateways": ["shop/edge"] if "*" in hosts else gateways},
    ),
    names,
    namespaces,
    st.lists(hosts, min_size=1, max_size=3, unique=True),
    st.lists(rules, min_size=1, max_size=3),
    st.lists(st.sampled_from(["mesh", "shop/edge"]), min_size=1, max_size=2, unique=True),
)
servers = st.builds(
    lambda hosts, redirect: {
        "port": {"number": 80, "name": "http", "protocol": "HTTP"},
        "hosts": hosts,
        "tls": {"httpsRedirect": redirect},
    },
    st.lists(hosts, min_size=1, max_size=3, unique=True),
    st.booleans(),
)
gateways = st.builds(
    lambda servers: _object("networking.istio.io/v1", "Gateway", "edge", "shop", {"servers": servers}),
    st.lists(servers, min_size=1, max_size=2),
)
meshes = st.builds(
    lambda *groups: [each for group in groups for each in group],
    st.lists(services, max_size=4),
    st.lists(virtual_services, max_size=4),
    st.lists(gateways, max_size=1),
)


@settings(max_examples=150)
@given(meshes)
def test_names_and_domains_are_unique(objects: list[dict[str, Any]]) -> None:
    """No two virtual hosts of a configuration share a name or a domain. Envoy would reject them."""
    mesh = meshcompile.load(objects)
    asked = [(sidecar(), "80"), (sidecar("team"), "8080"), (sidecar(), "http_proxy"), (gateway(), "http.80")]
    for proxy, name in asked:
        found = virtual_hosts(mesh, proxy, name)
        domains = [domain.lower() for host in found.values() for domain in host["domains"]]
        assert len(domains) == len(set(domains)), json.dumps(found)
        assert all(host["domains"] for host in found.values())


@settings(max_examples=60)
@given(meshes, st.randoms())
def test_order_of_the_objects_does_not_matter(objects: list[dict[str, Any]], random: Any) -> None:
    """The order of the objects does not affect the routes."""
    unique = list(
        {(each["kind"], each["metadata"]["name"], each["metadata"]["namespace"]): each for each in objects}.values()
    )
    shuffled = random.sample(unique, len(unique))
    for proxy, name in ((sidecar(), "80"), (gateway(), "http.80")):
        assert virtual_hosts(meshcompile.load(unique), proxy, name) == virtual_hosts(
            meshcompile.load(shuffled), proxy, name
        )
