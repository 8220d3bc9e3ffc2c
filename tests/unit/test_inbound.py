"""Inbound listeners of sidecars, from YAML to Envoy."""

from __future__ import annotations

from typing import Any

import pytest

from meshcompile.resolve.inbound.chains import INBOUND_CHAINS
from meshcompile.resolve.outbound.egress_claims import ListenerProtocol
from meshcompile.snapshot.authentication import MutualTlsMode
from tests.meshes import asked, listeners, mesh, sidecar

WORKLOAD = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  clusterIP: 10.0.0.1
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080}, {name: tcp, port: 9000}]
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: web}]}
status: {phase: Running, podIP: 10.1.0.1, podIPs: [{ip: 10.1.0.1}]}
"""
STRICT = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: p, namespace: shop}
spec: {mtls: {mode: STRICT}}
"""


def chains(*texts: str, port: int | None = None) -> list[dict[str, Any]]:
    found = listeners(mesh(WORKLOAD, *texts), sidecar(labels={"app": "web"}))["virtualInbound"]["filterChains"]
    return [c for c in found if c["filterChainMatch"].get("destinationPort") == port]


def shape(chain: dict[str, Any]) -> tuple[str, tuple[str, ...], bool, str]:
    match = chain["filterChainMatch"]
    last = chain["filters"][-1]["name"].rpartition(".")[2]
    return (
        match.get("transportProtocol", ""),
        tuple(match.get("applicationProtocols", ())),
        "transportSocket" in chain,
        "http" if last == "http_connection_manager" else "tcp",
    )


def test_the_guard_of_port_0_matches_port_0() -> None:
    """The chain against loops names the listener's port even if it is 0. Chains for every port name none."""
    of = mesh(WORKLOAD, proxyInboundListenPort=0)
    found = listeners(of, sidecar(labels={"app": "web"}))["virtualInbound"]["filterChains"]
    assert {c["name"] for c in found if c["filterChainMatch"].get("destinationPort") == 0} == {
        "virtualInbound-blackhole"
    }
    assert {c["name"] for c in found if "destinationPort" not in c["filterChainMatch"]} == {
        "virtualInbound",
        "virtualInbound-catchall-http",
    }


def test_permissive_http_takes_mesh_tls_and_plain_text() -> None:
    """A permissive HTTP port accepts mutual TLS of the mesh and plaintext, and nothing else."""
    mesh_alpn = ("istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2")
    assert [shape(chain) for chain in chains(port=8080)] == [
        ("tls", mesh_alpn, True, "http"),
        ("raw_buffer", (), False, "http"),
    ]


def test_permissive_tcp_takes_the_applications_own_tls_too() -> None:
    """A permissive TCP port also passes through other TLS."""
    assert [shape(chain)[0::2] for chain in chains(port=9000)] == [("tls", True), ("tls", False), ("raw_buffer", False)]


def test_strict_takes_mutual_tls_only() -> None:
    """Every chain of a strict port terminates mutual TLS, including passthrough."""
    for port in (8080, 9000, None):
        assert all("transportSocket" in chain for chain in chains(STRICT, port=port))


def test_unknown_ports_are_passed_through_with_five_chains() -> None:
    """Ports that no service declares have a chain for each kind of traffic, in istiod's order."""
    assert [shape(chain)[::2] for chain in chains()] == [
        ("tls", True),
        ("raw_buffer", False),
        ("tls", True),
        ("raw_buffer", False),
        ("tls", False),
    ]


def test_loops_are_cut() -> None:
    """The first chain rejects connections to the listener's own port."""
    (guard,) = chains(port=15006)
    assert guard["name"] == "virtualInbound-blackhole"


def test_inspectors_are_off_where_protocols_are_declared() -> None:
    """The HTTP inspector is off on ports with a known protocol, and the TLS inspector only where TLS is impossible."""
    found = listeners(mesh(WORKLOAD), sidecar(labels={"app": "web"}))["virtualInbound"]["listenerFilters"]
    disabled = {each["name"].rpartition(".")[2]: each.get("filterDisabled") for each in found}
    ports = [rule["destinationPortRange"]["start"] for rule in disabled["http_inspector"]["orMatch"]["rules"]]
    assert ports == [8080, 9000, 15006]
    assert disabled["tls_inspector"]["destinationPortRange"]["start"] == 15006


def test_older_service_decides_about_a_shared_port() -> None:
    """Of two services with one target port and different protocols, the older one's applies, which is reported."""
    rival = """
    apiVersion: v1
    kind: Service
    metadata: {name: younger, namespace: shop, creationTimestamp: "2030-01-01T00:00:00Z"}
    spec: {clusterIP: 10.0.0.2, selector: {app: web}, ports: [{name: tcp, port: 80, targetPort: 8080}]}
    """
    found = asked(mesh(WORKLOAD, rival), sidecar(labels={"app": "web"}))
    assert found.slugs() == ["inbound-conflict"]
    assert shape(chains(rival, port=8080)[1])[3] == "http"


def test_ingress_listeners_replace_services() -> None:
    """A Sidecar with ingress listeners opens only their ports."""
    limited = """
    apiVersion: networking.istio.io/v1
    kind: Sidecar
    metadata: {name: s, namespace: shop}
    spec:
      ingress: [{port: {number: 7070, protocol: HTTP, name: http}, defaultEndpoint: 127.0.0.1:8080}]
    """
    assert chains(limited, port=8080) == []
    (first, _) = chains(limited, port=7070)
    assert first["name"] == "10.1.0.1_7070"
    assert first["metadata"]["filterMetadata"]["istio"]["config"].endswith("/namespaces/shop/sidecar/s")


@pytest.mark.parametrize("kind", ListenerProtocol)
@pytest.mark.parametrize("mode", MutualTlsMode)
def test_every_protocol_and_mode_has_chains(kind: ListenerProtocol, mode: MutualTlsMode) -> None:
    """The table covers everything, and no disabled port terminates mutual TLS."""
    options = INBOUND_CHAINS[kind, mode]
    assert options
    if mode is MutualTlsMode.DISABLE:
        assert not any(option.mutual_tls for option in options)
