"""Sentences about effects: they are true of objects that Istio rejects, merges or leaves out."""

from __future__ import annotations

import pytest

from meshcompile.codes.validation import ROUTE_ACTION
from meshcompile.diagnostics import Diagnostic
from meshcompile.validate import ADVICE
from tests.meshes import SHOP, mesh

RULE = "[{route: [{destination: {host: catalog}}]}]"
NO_ACTION = "[{timeout: 3s}]"
POD = """
apiVersion: v1
kind: Pod
metadata: {name: edge-0, namespace: shop, labels: {istio: edge, sidecar.istio.io/inject: "false"}}
spec: {containers: [{name: edge, image: edge}]}
"""


def found(code: str, *texts: str) -> list[Diagnostic]:
    return [each for each in mesh(SHOP, *texts).analyze() if each.code == code]


def virtual_service(name: str, http: str) -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: shop}}
spec: {{hosts: [catalog], http: {http}}}
"""


def gateway(name: str, server: str) -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: {name}, namespace: shop}}
spec: {{selector: {{istio: edge}}, servers: [{server}]}}
"""


def policy(selector: str) -> str:
    return f"""
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: allow, namespace: shop}}
spec: {{selector: {{matchLabels: {selector}}}, rules: [{{}}]}}
"""


def telemetry(name: str) -> str:
    return f"""
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {{name: {name}, namespace: shop}}
spec: {{tracing: [{{disableSpanReporting: true}}]}}
"""


def test_the_rules_of_a_rejected_virtual_service_are_not_used() -> None:
    """Of VirtualServices for one host, sidecars use the first one that Istio accepts."""
    rejected, accepted = virtual_service("a", NO_ACTION), virtual_service("b", RULE)
    first, second = found("IST0109", rejected, accepted)
    assert first.message.endswith("the rules of shop/b are used, these are not")
    assert second.message.endswith("the rules of shop/b are used, those of the others are not")


def test_no_rules_are_used_if_all_virtual_services_are_rejected() -> None:
    """A conflict of VirtualServices that Istio rejects has no winner."""
    conflicts = found("IST0109", virtual_service("a", NO_ACTION), virtual_service("b", NO_ACTION))
    assert [each.effect for each in conflicts] == ["Istio rejects all of them, so none of their rules are used"] * 2


@pytest.mark.parametrize(
    ("selector", "lack"),
    [
        ("{istio: edge}", "no Pod of namespace shop with the labels istio=edge has an `istio-proxy` container"),
        ("{istio: gone}", "no Pod of namespace shop has the labels istio=gone"),
    ],
)
def test_a_policy_without_proxies(selector: str, lack: str) -> None:
    """A policy that selects only Pods without proxies is told from one that selects no Pod."""
    assert [each.message for each in found("IST0127", POD, policy(selector))] == [
        f"{lack}, so this policy has no effect"
    ]


@pytest.mark.parametrize(
    ("port", "effect"),
    [
        ("number: 80, name: http, protocol: HTTP", "requests use the VirtualServices of all these Gateways"),
        ("number: 90, name: tcp, protocol: TCP", "only the oldest Gateway gets them"),
    ],
)
def test_gateways_with_one_host(port: str, effect: str) -> None:
    """HTTP servers without TLS share a host, and other servers do not. Only hosts that both have are named."""
    first = gateway("a", f"{{port: {{{port}}}, hosts: [one.example, both.example]}}")
    second = gateway("b", f"{{port: {{{port}}}, hosts: [both.example, two.example]}}")
    conflicts = found("IST0145", first, second)
    assert [each.effect for each in conflicts] == [effect, effect]
    assert "has both.example from Gateway shop/b too" in conflicts[0].message
    assert "has both.example from Gateway shop/a too" in conflicts[1].message


def test_telemetries_for_one_namespace() -> None:
    """The finding names the Telemetries and says which of them Istio uses."""
    assert found("IST0160", telemetry("a"), telemetry("b"))[0].message == (
        "Telemetries a, b of namespace shop have no selector, and Istio uses only the oldest one without `targetRefs`"
    )


def test_suggestions_are_sentences() -> None:
    """A suggestion is the explanation of a code in one line, without the examples of its page."""
    assert ROUTE_ACTION.id in ADVICE
    assert [text for text in ADVICE.values() if "\n" in text or "```" in text] == []


def test_gateways_with_one_host_of_which_istio_rejects_some() -> None:
    """The effect counts only Gateways that Istio accepts."""
    bad = GATEWAY_OF_ALL.replace("name: front", "name: bad").replace(
        "hosts: ['*.example']", "hosts: ['*.example', a_b]"
    )
    for texts, effect in (
        ((GATEWAY_OF_ALL, bad), "only the one that Istio accepts gets them"),
        ((bad, bad.replace("name: bad", "name: worse")), "nothing gets them, because Istio rejects all these Gateways"),
    ):
        conflicts = found("IST0145", *texts)
        assert {each.effect for each in conflicts} == {effect}


GATEWAY_OF_ALL = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*.example']}]
---
"""


def test_a_conflict_with_an_ingress_names_the_ingress() -> None:
    """A server that loses its port to an Ingress is reported with the object that the user wrote."""
    ingress = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop, annotations: {kubernetes.io/ingress.class: istio}}
spec:
  rules:
  - host: shop.example
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: catalog, port: {number: 80}}}}]}
"""
    pod = """
apiVersion: v1
kind: Pod
metadata: {name: edge-0, namespace: istio-system, labels: {istio: ingressgateway}}
spec: {containers: [{name: istio-proxy, image: auto}]}
"""
    server = gateway("bytes", "{port: {number: 80, name: tcp, protocol: TCP}, hosts: ['*']}")
    [one] = found("MC0502", ingress, pod, server.replace("istio: edge", "istio: ingressgateway"))
    assert one.message.endswith("cannot share port 80 with HTTP of Ingress shop/web")
