"""The namespaces whose sidecars share a scope."""

from __future__ import annotations

import pytest

import meshcompile
from meshcompile.resolve.scope.common_view import COMMON_VIEW, view_of

SERVICES = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: red}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: green}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: red}
spec: {host: web}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: red}
spec: {hosts: [web], http: [{route: [{destination: {host: web}}]}]}
"""


def networking(kind: str, spec: str, annotations: str = "{}") -> str:
    metadata = f"{{name: special, namespace: red, annotations: {annotations}}}"
    return f"apiVersion: networking.istio.io/v1\nkind: {kind}\nmetadata: {metadata}\nspec: {spec}"


def entry(host: str, export_to: str) -> str:
    ports = "[{number: 80, name: http, protocol: HTTP}]"
    return networking("ServiceEntry", f"{{hosts: [{host}], exportTo: {export_to}, resolution: NONE, ports: {ports}}}")


def rule(fields: str) -> str:
    return networking("DestinationRule", f"{{{fields}}}")


def routes(host: str, fields: str = "", annotations: str = "{}", match: str = "{}") -> str:
    http = f"[{{match: [{match}], route: [{{destination: {{host: web}}}}]}}]"
    return networking("VirtualService", f"{{hosts: [{host}], {fields} http: {http}}}", annotations)


SPECIAL = {
    "a service that others do not see": (entry("ext.example", "['.']"), {"red"}),
    "a service that nobody sees": (entry("ext.example", "['~']"), {"red"}),
    "a service exported to a namespace": (entry("ext.example", "[blue]"), {"red", "blue"}),
    "a host of two namespaces": (entry("api.green.svc.cluster.local", "['*']"), {"red", "green"}),
    "routes that others do not see": (routes("a.example", "exportTo: ['.'],"), {"red"}),
    "routes exported to a namespace": (routes("a.example", "exportTo: [blue],"), {"blue"}),
    "a match of a namespace": (routes("a.example", match="{sourceNamespace: blue}"), {"blue"}),
    "routes of the Gateway API": (
        routes("web.red.svc.cluster.local", annotations="{internal.istio.io/route-semantics: gateway}"),
        {"red"},
    ),
    "a rule that others do not see": (rule("host: web, exportTo: ['.']"), {"red"}),
    "a rule exported to a namespace": (rule("host: web, exportTo: [blue]"), {"red", "blue"}),
    "a rule exported home and to a namespace": (rule("host: web, exportTo: ['.', blue]"), {"red", "blue"}),
    "a rule for some clients": (rule("host: web, workloadSelector: {matchLabels: {a: b}}"), {"red"}),
    "a rule for a service of another namespace": (rule("host: api.green.svc.cluster.local"), {"red"}),
    "a rule for many hosts": (rule("host: '*.local'"), {"red"}),
}


@pytest.mark.parametrize(("special", "namespaces"), SPECIAL.values(), ids=SPECIAL.keys())
def test_namespaces_with_a_view_of_their_own(special: str, namespaces: set[str]) -> None:
    """Only the root namespace, and the namespaces that an object sets apart, have a view of their own."""
    snapshot = meshcompile.load(f"{SERVICES}\n---\n{special}").snapshot
    seen = {name: view_of(snapshot, name) for name in ("red", "green", "blue", "none", "istio-system")}
    own = {*namespaces, "istio-system"}
    assert seen == {name: name if name in own else COMMON_VIEW for name in seen}


def test_most_namespaces_have_the_common_view() -> None:
    """Objects that are exported to all, and about services of their own namespace, set no namespace apart."""
    snapshot = meshcompile.load(SERVICES).snapshot
    assert {view_of(snapshot, name) for name in ("red", "green", "none")} == {COMMON_VIEW}
