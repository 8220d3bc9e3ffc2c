"""Imports of proxies: Sidecars, and the services and VirtualServices of their egress listeners."""

from __future__ import annotations

import pytest

from meshcompile.resolve.scope.imported_hosts import imported_hosts
from tests.meshes import SHOP, asked, gateway, mesh, sidecar

OTHER = """
apiVersion: v1
kind: Service
metadata: {name: ledger, namespace: bank}
spec:
  clusterIP: 10.0.1.1
  ports: [{name: http, port: 80}, {name: tcp, port: 9000}]
"""


def names(*texts: str, labels: dict[str, str] | None = None) -> list[str]:
    return [
        s.hostname.partition(".svc")[0]
        for s in asked(mesh(SHOP, OTHER, *texts), sidecar(labels=labels)).facts.scope.services
    ]


def a_sidecar(name: str, hosts: str, namespace: str = "shop", selector: str = "") -> str:
    return f"""
    apiVersion: networking.istio.io/v1
    kind: Sidecar
    metadata: {{name: {name}, namespace: {namespace}}}
    spec:
      {selector}
      egress: [{{hosts: [{hosts}]}}]
    """


def test_without_a_sidecar_everything_is_imported() -> None:
    """A proxy whose namespace has no Sidecar sees every service of the mesh."""
    assert sorted(names()) == ["catalog.shop", "ledger.bank", "web.shop"]


def test_own_namespace() -> None:
    """`./*` imports only the services in the proxy's own namespace."""
    assert sorted(names(a_sidecar("own", '"./*"'))) == ["catalog.shop", "web.shop"]


def test_selected_sidecar_wins() -> None:
    """A Sidecar that selects the workload takes precedence over one for the whole namespace."""
    chosen = a_sidecar("chosen", '"bank/*"', selector="workloadSelector: {labels: {app: client}}")
    everyone = a_sidecar("aaa", '"./*"')
    assert names(chosen, everyone, labels={"app": "client"}) == ["ledger.bank"]
    assert sorted(names(chosen, everyone)) == ["catalog.shop", "web.shop"]


def test_root_namespace_serves_those_without_a_sidecar() -> None:
    """The root namespace's Sidecar applies in namespaces without one, and `.` is the proxy's namespace."""
    root = a_sidecar("root", '"./*"', namespace="istio-system")
    assert sorted(names(root)) == ["catalog.shop", "web.shop"]
    assert names(root, a_sidecar("own", '"bank/*"')) == ["ledger.bank"]


def test_listener_with_a_port_imports_only_that_port() -> None:
    """A service that an egress listener with a port imports has no other ports."""
    only = """
    apiVersion: networking.istio.io/v1
    kind: Sidecar
    metadata: {name: one-port, namespace: shop}
    spec:
      egress: [{port: {number: 9000, protocol: TCP, name: tcp}, hosts: ["bank/*"]}]
    """
    (service,) = asked(mesh(SHOP, OTHER, only), sidecar()).facts.scope.services
    assert [port.number for port in service.ports] == [9000]


def test_destinations_of_imported_routes_are_imported_too() -> None:
    """An imported VirtualService also imports the services that it routes to, with the ports that it names."""
    route = """
    apiVersion: networking.istio.io/v1
    kind: VirtualService
    metadata: {name: r, namespace: shop}
    spec:
      hosts: [web]
      http: [{route: [{destination: {host: ledger.bank.svc.cluster.local, port: {number: 80}}}]}]
    """
    scope = asked(mesh(SHOP, OTHER, route, a_sidecar("own", '"./web.shop.svc.cluster.local"')), sidecar()).facts.scope
    assert [service.hostname for service in scope.services][1:] == ["ledger.bank.svc.cluster.local"]
    assert [port.number for port in scope.services[1].ports] == [80]


def test_private_services_are_not_imported() -> None:
    """A service that is exported only to its own namespace is invisible to others, even if they import it."""
    private = OTHER.replace("namespace: bank}", 'namespace: bank, annotations: {networking.istio.io/exportTo: "."}}')
    assert "ledger.bank" not in [
        s.name + "." + s.namespace for s in asked(mesh(SHOP, private), sidecar()).facts.scope.services
    ]


def test_gateways_see_everything() -> None:
    """Sidecars do not limit gateways."""
    limited = a_sidecar("root", '"./*"', namespace="istio-system")
    assert len(asked(mesh(SHOP, OTHER, limited), gateway()).facts.scope.services) == 3


def test_proxies_of_one_sidecar_share_their_scope() -> None:
    """The scope is computed once for all proxies in a namespace with the same Sidecar."""
    of = mesh(SHOP, a_sidecar("own", '"./*"'))
    assert asked(of, sidecar()).facts.scope is asked(of, sidecar(labels={"app": "other"})).facts.scope


def test_wildcard_routes_match_in_both_directions() -> None:
    """A listener that imports one host of `*.shop` imports a VirtualService for `*.shop`, but not a service."""
    hosts = imported_hosts(["*/web.shop"], "shop", may_exclude=False)["*"]
    assert hosts.match_route("*.shop", as_service=False)
    assert not hosts.match_route("*.shop", as_service=True)
    assert not hosts.match_service("*.shop")


def entry(name: str, port: int, export_to: str) -> str:
    return f"""
    apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    metadata: {{name: {name}, namespace: shop}}
    spec:
      hosts: [db.example]
      exportTo: [{export_to}]
      resolution: NONE
      ports: [{{number: {port}, name: http, protocol: HTTP}}]
    """


@pytest.mark.parametrize(
    ("first", "second", "merged"),
    [
        ('"*"', '"*"', True),
        ("", "", True),
        ("shop, bank", "bank, shop", True),
        ("shop", '"."', False),
        ("", '"*"', False),
    ],
)
def test_entries_are_merged_if_they_are_exported_in_the_same_words(first: str, second: str, merged: bool) -> None:
    """Two ServiceEntries of a host share their ports only if their lists have the same values."""
    scope = asked(mesh(entry("a", 80, first), entry("b", 81, second)), sidecar()).facts.scope
    service = scope.service("db.example")
    assert service is not None
    assert [port.number for port in service.ports] == ([80, 81] if merged else [80])
