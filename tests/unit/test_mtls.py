"""Mutual TLS of servers: which PeerAuthentication applies."""

from __future__ import annotations

import pytest

from meshcompile.snapshot.authentication import MutualTlsMode
from tests.meshes import asked, mesh, sidecar


def policy(name: str, namespace: str, mode: str = "", selector: str = "", ports: str = "") -> str:
    return f"""
    apiVersion: security.istio.io/v1
    kind: PeerAuthentication
    metadata: {{name: {name}, namespace: {namespace}}}
    spec:
      {f"selector: {{matchLabels: {{{selector}}}}}" if selector else ""}
      {f"mtls: {{mode: {mode}}}" if mode else ""}
      {f"portLevelMtls: {{{ports}}}" if ports else ""}
    """


def mode(*policies: str, port: int = 8080) -> MutualTlsMode:
    return asked(mesh("", *policies), sidecar(labels={"app": "web"})).facts.peer_policy.for_port(port)


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([], "PERMISSIVE"),
        ([policy("m", "istio-system", "STRICT")], "STRICT"),
        ([policy("m", "istio-system", "STRICT"), policy("ns", "shop", "DISABLE")], "DISABLE"),
        ([policy("m", "istio-system", "STRICT"), policy("ns", "shop", "UNSET")], "STRICT"),
        ([policy("ns", "shop", "STRICT"), policy("w", "shop", "DISABLE", "app: web")], "DISABLE"),
        ([policy("ns", "shop", "STRICT"), policy("w", "shop", "DISABLE", "app: other")], "STRICT"),
        ([policy("w", "istio-system", "STRICT", "app: web")], "PERMISSIVE"),
        ([policy("a", "shop", "DISABLE"), policy("b", "shop", "STRICT")], "DISABLE"),
    ],
)
def test_the_narrowest_level_that_says_something_decides(policies: list[str], expected: str) -> None:
    """Workload overrides namespace overrides mesh, UNSET inherits, and selectors in the root namespace are ignored."""
    assert mode(*policies) == expected


def test_ports_only_count_at_the_workload() -> None:
    """A port's mode comes from the policy that selects the workload. UNSET means the workload's mode."""
    ports = policy("w", "shop", "STRICT", "app: web", "8080: {mode: DISABLE}, 8081: {mode: UNSET}")
    assert [mode(ports, port=port) for port in (8080, 8081, 8082)] == ["DISABLE", "STRICT", "STRICT"]
