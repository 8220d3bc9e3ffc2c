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


EXPORTED = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: %s, namespace: %s, creationTimestamp: "%s-01-01T00:00:00Z"}
spec: {hosts: [catalog.shop.svc.cluster.local], exportTo: ["%s"], http: %s}
"""


def exported(name: str, namespace: str, year: int, export_to: str, http: str = RULE) -> str:
    return EXPORTED % (name, namespace, year, export_to, http)


def test_rules_that_only_some_sidecars_use() -> None:
    """A conflict says which namespaces use which rules, if one of them has a VirtualService of its own."""
    own, public = exported("own", "edge", 2024, "."), exported("all", "shop", 2023, "*")
    for each in found("IST0109", own, public):
        assert each.effect == (
            "sidecars of namespace edge use the rules of edge/own, the other sidecars use the rules of shop/all"
        )
    everywhere = [each.effect for each in found("IST0109", own.replace('"."', '"*"'), public)]
    assert sorted(everywhere) == [
        "the rules of shop/all are used, these are not",
        "the rules of shop/all are used, those of the others are not",
    ]


def test_many_namespaces_with_rules_of_their_own() -> None:
    """A conflict names at most three namespaces."""
    owns = [exported("own", f"edge-{number}", 2024, "shop") for number in range(2)]
    narrow = exported("narrow", "shop", 2022, 'a", "b", "c", "d')
    effects = {each.effect for each in found("IST0109", narrow, exported("all", "shop", 2023, "*"), *owns)}
    assert effects == {
        "sidecars of namespace a, b, c and 1 more use the rules of shop/narrow, "
        "sidecars of namespace shop use the rules of edge-0/own, the other sidecars use the rules of shop/all"
    }


SUBSET = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: %s, namespace: %s}
spec: {host: "%s", exportTo: ["%s"], subsets: [{name: "%s", labels: {version: v9}}]}
"""
TO_SUBSET = "[{route: [{destination: {host: catalog.shop.svc.cluster.local, subset: s}}]}]"


@pytest.mark.parametrize(
    ("rules", "remedy"),
    [
        ([("a", "shop", "catalog", "*", "s"), ("b", "edge", "*.local", "*", "t")], "they use DestinationRule edge/b"),
        ([("a", "shop", "catalog", ".", "s")], "export DestinationRule shop/a to namespace edge"),
        ([("a", "far", "catalog.shop.svc.cluster.local", "*", "s")], "define it in namespace shop"),
    ],
)
def test_how_clients_get_a_subset(rules: list[tuple[str, ...]], remedy: str) -> None:
    """The suggestion depends on the rule that hides the subset, or on the one that is not exported."""
    route = exported("own", "edge", 2024, ".", TO_SUBSET)
    (hidden,) = found("MC0610", route, *(SUBSET % rule for rule in rules))
    assert hidden.suggestion.startswith(remedy)


@pytest.mark.parametrize(("name", "effect"), [("s", "requests to it fail"), ("", "requests to it would fail")])
def test_a_subset_of_a_rejected_rule(name: str, effect: str) -> None:
    """A subset that Istio rejects gets no requests, so the sentence says what would become of them."""
    (empty,) = found("IST0173", SUBSET % ("a", "shop", "catalog", "*", name))
    assert empty.effect == effect


PEER = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: %s, namespace: %s}
spec: {mtls: {mode: %s}}
"""
CALLERS = """
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: shop, labels: {app: web}}
spec: {containers: [{name: istio-proxy, image: proxy}]}
status: {phase: Running, podIP: 10.1.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: nightly-0, namespace: batch}
spec: {containers: [{name: nightly, image: nightly}]}
status: {phase: Running, podIP: 10.1.0.2}
"""


def test_a_mode_that_decides_for_no_workload() -> None:
    """Clients without a proxy are reported for the policy that decides, not for one that an older or narrower hides."""
    strict = PEER % ("b", "istio-system", "STRICT")
    assert [each.name for each in found("MC0823", CALLERS, strict)] == ["b"]
    assert found("MC0823", CALLERS, strict, PEER % ("a", "istio-system", "PERMISSIVE")) == []
    assert found("MC0823", CALLERS, strict, PEER % ("own", "shop", "PERMISSIVE")) == []
    assert [each.name for each in found("MC0823", CALLERS, strict, PEER % ("own", "shop", "STRICT"))] == ["own"]


SELECTING = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: %s, namespace: shop, creationTimestamp: "%s-01-01T00:00:00Z"}
spec: {selector: {matchLabels: {%s}}, mtls: {mode: STRICT}}
"""


def test_a_peer_authentication_that_an_older_one_hides() -> None:
    """A policy is hidden if every workload that it selects uses an older one with a selector."""
    old, young = SELECTING % ("old", 2020, "app: web"), SELECTING % ("young", 2021, "app: web")
    (hidden,) = found("MC0835", CALLERS, old, young)
    assert (hidden.name, hidden.field, "shop/old for the same workloads" in hidden.message) == (
        "young", "metadata.name", True,
    )  # fmt: skip
    other = (
        CALLERS.replace("web-0", "web-1").replace("app: web}", "app: web, tier: front}").replace("10.1.0.1", "10.1.0.3")
    )
    assert found("MC0835", CALLERS, other, SELECTING % ("old", 2020, "tier: front"), young) == []
    assert found("MC0835", CALLERS, SELECTING % ("old", 2020, "app: none"), young) == []
    assert found("MC0835", CALLERS, old, PEER % ("wide", "shop", "STRICT")) == []


ALIAS = """
apiVersion: v1
kind: Service
metadata: {name: alias, namespace: shop}
spec: {type: ExternalName, externalName: %s, ports: [{name: http, port: 80}]}
"""


@pytest.mark.parametrize(
    ("host", "port", "count"),
    [("web.example", 80, 1), ("web.example", 81, 0), ("catalog.shop.svc.cluster.local", 80, 0)],
)
def test_an_alias_of_nothing(host: str, port: int, count: int) -> None:
    """A destination leads nowhere if it is an ExternalName Service, and no service has the host that it stands for."""
    route = virtual_service("v", f"[{{route: [{{destination: {{host: alias, port: {{number: {port}}}}}}}]}}]")
    (*nowhere,) = found("MC0410", ALIAS % host, route)
    assert [each.field for each in nowhere] == ["spec.http[0].route[0].destination.host"] * count
    assert all("no cluster outbound|80||web.example" in each.message for each in nowhere)
