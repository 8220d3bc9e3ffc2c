"""Findings that no example on a page can show."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from msgspec.structs import replace

import meshcompile
from meshcompile.models.networking.gateway import Gateway
from meshcompile.resolve.gateways.merged import merged_gateway
from meshcompile.snapshot import assume
from tests.meshes import gateway, mesh

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec:
  selector: {app: cart}
  ports: [{name: http, port: %d}]
"""
FRONT = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
    - {port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.example], tls: {mode: SIMPLE, credentialName: a}}
    - {port: {number: 443, name: %s, protocol: HTTPS}, hosts: [b.example], tls: {mode: SIMPLE, credentialName: b}}
"""


def renamed(written: Gateway) -> Gateway:
    """The Gateway with the name of its first port at all ports, as a cluster without Istio's validation accepts it."""
    first, second = written.spec.servers
    port = second.port.model_copy(update={"name": first.port.name})
    servers = (first, second.model_copy(update={"port": port}))
    return written.model_copy(update={"spec": written.spec.model_copy(update={"servers": servers})})


def test_two_https_servers_with_one_port_name() -> None:
    """Of two HTTPS servers with the same number and name of their port, the second is dropped (MC0503)."""
    index = mesh(FRONT % "https-2").snapshot.gateways
    assert merged_gateway(index, gateway(), ()).findings == ()
    (finding,) = merged_gateway(replace(index, all=tuple(map(renamed, index.all))), gateway(), ()).findings
    assert (finding.code, finding.origin.path) == ("MC0503", ("spec", "servers", 1))
    assert finding.related[0].origin.path == ("spec", "servers", 0)


@pytest.mark.parametrize(("port", "codes"), [(81, ["IST0170"]), (80, [])])
def test_a_service_that_differs_between_clusters(port: int, codes: list[str]) -> None:
    """A Service with other ports in another cluster is reported at the one of the config cluster."""
    loaded = meshcompile.load(SERVICE % 80, clusters={"west": SERVICE % port})
    found = [each for each in loaded.analyze() if each.code == "IST0170"]
    assert [each.code for each in found] == codes
    assert [each.line for each in found] == [2 for _ in codes]


@pytest.mark.parametrize(("range_of_pods", "codes"), [("198.18.0.0/30", []), ("198.18.0.0/31", ["MC1205"])])
def test_no_address_is_left(monkeypatch: pytest.MonkeyPatch, range_of_pods: str, codes: list[str]) -> None:
    """A Pod for which the range has no address is reported, and is not assumed to run."""
    monkeypatch.setattr(assume, "POD_RANGE", IPv4Network(range_of_pods))
    loaded = meshcompile.load("apiVersion: v1\nkind: Pod\nmetadata: {name: cart, namespace: shop}\n")
    assert [each.code for each in loaded.diagnostics if each.code == "MC1205"] == codes
    assert len(loaded.proxies()) == 1 - len(codes)
