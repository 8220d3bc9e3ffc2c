"""The use of each input object: the parts that come from it, or the reasons for none."""

from __future__ import annotations

from pathlib import Path

import pytest

import meshcompile

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "coolstore"

OTHERS = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: elsewhere, namespace: other}
spec: {}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: catalog, namespace: istioinaction}
spec:
  selector: {matchLabels: {app: catalog}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: gateways-only, namespace: istioinaction}
spec:
  hosts: [example.com]
  gateways: [somewhere]
  http: [{route: [{destination: {host: catalog}}]}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: refused, namespace: istioinaction}
spec: {servers: [{hosts: []}]}
"""


@pytest.fixture(scope="module")
def by_name() -> dict[tuple[str, str], meshcompile.Use]:
    mesh = meshcompile.load([EXAMPLE, OTHERS])
    uses = mesh.used_by(mesh.compile("deployment/webapp.istioinaction"))
    return {(use.kind, use.name): use for use in uses}


def test_pointers_lead_to_what_came_from_the_object() -> None:
    """Each pointer of an object is in the source map, with an origin in the object."""
    mesh = meshcompile.load(EXAMPLE)
    config = mesh.compile("deployment/webapp.istioinaction")
    sources = config.source_map()
    for use in mesh.used_by(config):
        for pointer in use.pointers:
            assert use.origin.document in [origin.document for origin in sources[pointer]]


def test_every_object_is_there_and_explained(by_name: dict[tuple[str, str], meshcompile.Use]) -> None:
    """Each object has pointers or reasons, including rejected ones."""
    assert len(by_name) == len(list_of_objects()) + 4
    assert all(use.pointers or use.reasons for use in by_name.values())


def list_of_objects() -> list[str]:
    texts = (path.read_text() for path in EXAMPLE.glob("*.yaml"))
    return [line for text in texts for line in text.splitlines() if line.startswith("kind:")]


@pytest.mark.parametrize(
    ("kind", "name", "reason"),
    [
        ("AuthorizationPolicy", "elsewhere", "namespace other"),
        ("AuthorizationPolicy", "catalog", "selector"),
        ("VirtualService", "gateways-only", "gateway"),
        ("Gateway", "coolstore-gateway", "only gateways read it"),
        ("Namespace", "istioinaction", "labels affect"),
    ],
)
def test_reasons(by_name: dict[tuple[str, str], meshcompile.Use], kind: str, name: str, reason: str) -> None:
    """An object without effect on the proxy has a reason."""
    use = by_name[kind, name]
    assert not use.pointers
    assert any(reason in found.message for found in use.reasons)


def test_rejected_objects_are_explained(by_name: dict[tuple[str, str], meshcompile.Use]) -> None:
    """The reasons of a rejected object are its errors."""
    assert any(found.rejected for found in by_name["Gateway", "refused"].reasons)


def test_used_objects_have_pointers(by_name: dict[tuple[str, str], meshcompile.Use]) -> None:
    """The Service, VirtualService and DestinationRule of the catalog are found in routes and clusters."""
    for kind in ("VirtualService", "DestinationRule", "Service"):
        assert by_name[kind, "catalog"].pointers
