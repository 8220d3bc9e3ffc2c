from pathlib import Path
from typing import Any

import pytest

import meshcompile
from meshcompile import InvalidArgument, Proxy
from meshcompile.proxy import ProxyType

ID = "sidecar~10.0.0.1~web-0.shop~shop.svc.cluster.local"


def test_a_node_needs_only_its_id() -> None:
    """The ID alone provides type, address, name, namespace and domain."""
    proxy = Proxy.from_node({"id": ID})
    assert (proxy.type, proxy.id, proxy.name, proxy.namespace) == ("sidecar", "web-0.shop", "web-0", "shop")
    assert (proxy.ip_addresses, proxy.domain) == (("10.0.0.1",), "shop.svc.cluster.local")


@pytest.mark.parametrize(
    ("instance_ips", "addresses"),
    [("10.0.0.2, fd00::2", ("10.0.0.2", "fd00::2")), ("10.0.0.2,web", ("10.0.0.1",)), ("", ("10.0.0.1",))],
)
def test_addresses_of_the_metadata_count_when_all_are_valid(instance_ips: str, addresses: tuple[str, ...]) -> None:
    """INSTANCE_IPS take precedence over the address in the ID, unless one of them is invalid."""
    assert Proxy.from_node({"id": ID, "metadata": {"INSTANCE_IPS": instance_ips}}).ip_addresses == addresses


@pytest.mark.parametrize(
    ("node", "problem"),
    [
        ([], "must be an object"),
        ({}, "node id None is not"),
        ({"id": "ztunnel~10.0.0.1~web-0.shop~shop.svc.cluster.local"}, "is not TYPE~IP"),
        ({"id": ID.replace("10.0.0.1", "web")}, "valid IP address: 'web'"),
        ({"id": ID, "metadata": ["a"]}, "`metadata` of a node must be an object"),
        ({"id": ID, "metadata": {"LABELS": "app=web"}}, "`LABELS` of a node must be an object"),
        ({"id": ID, "locality": "eu"}, "`locality` of a node must be an object"),
    ],
)
def test_what_is_no_node_is_refused(node: Any, problem: str) -> None:
    """A node that istiod would reject raises an error that names the wrong part."""
    with pytest.raises(InvalidArgument, match=problem) as raised:
        Proxy.from_node(node)
    assert isinstance(raised.value, ValueError)


def test_the_network_of_a_proxy_is_the_label_of_its_pod() -> None:
    """Injection turns the label of a Pod with its network into metadata of the proxy."""
    pod = """
    apiVersion: v1
    kind: Pod
    metadata: {name: web, namespace: shop, labels: {topology.istio.io/network: berlin}}
    spec: {containers: [{name: web, image: web}, {name: istio-proxy, image: proxyv2}]}
    """
    assert meshcompile.load(pod).proxy("web.shop").metadata["NETWORK"] == "berlin"


def test_a_waypoint_outside_of_an_ambient_mesh_is_reported() -> None:
    """A waypoint of a mesh that is not ambient compiles, and a finding tells how to make the mesh ambient."""
    config = meshcompile.load([]).compile(Proxy.from_node({"id": ID.replace("sidecar", "waypoint")}))
    assert "waypoint-outside-of-ambient" in [found.slug for found in config.diagnostics]


def test_every_exception_has_the_same_base() -> None:
    """`except MeshcompileError` catches everything that the library raises deliberately."""
    raised = (meshcompile.UnknownProxy, meshcompile.UnreadableInput, InvalidArgument)
    assert all(issubclass(each, meshcompile.MeshcompileError) for each in raised)


def test_a_proxy_has_an_address() -> None:
    """A proxy without an IP address cannot be created."""
    with pytest.raises(InvalidArgument, match="no IP address"):
        Proxy(type=ProxyType.SIDECAR, id="web-0.shop", namespace="shop", ip_addresses=())


def test_a_pod_without_a_valid_address_does_not_stop_the_analysis(tmp_path: Path) -> None:
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: d}\n"
        "spec: {containers: [{name: istio-proxy, image: x, args: [proxy, router]}]}\n"
        "status: {podIP: 09.42.0.14, phase: Running}\n"
    )
    (tmp_path / "pod.yaml").write_text(text)
    assert meshcompile.load(tmp_path).analyze() == ()
