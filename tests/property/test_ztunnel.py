"""What ztunnel gets, for any small ambient mesh."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import meshcompile
from meshcompile.tools.policies import Outcome, Request, connection_decision, guard
from meshcompile.ztunnel.config import service_name
from meshcompile.ztunnel.policies import policy_name
from meshcompile.ztunnel.rbac import TunnelledConnection, connection_verdict
from tests.meshes import sidecar

NAMES, NAMESPACES = ("a", "b", "c"), ("shop", "bank")
LABELS = st.dictionaries(st.sampled_from(["app", "tier"]), st.sampled_from(["x", "y"]), max_size=2)
MODES = st.sampled_from(["STRICT", "PERMISSIVE", "DISABLE", "UNSET"])
PORTS = st.dictionaries(st.sampled_from(["80", "90"]), st.builds(lambda mode: {"mode": mode}, MODES), min_size=1)


def metadata(name: str, namespace: str, labels: dict[str, str]) -> dict[str, Any]:
    return {"name": name, "namespace": namespace, "labels": labels}


def named(kind: str, api_version: str, made: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of a kind, with a name, a namespace and labels."""
    of = st.builds(metadata, st.sampled_from(NAMES), st.sampled_from(NAMESPACES), LABELS)
    return st.builds(lambda meta, rest: {"apiVersion": api_version, "kind": kind, "metadata": meta, **rest}, of, made)


def pod(number: int) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": "True" if number % 3 else "False"}]
    return {
        "spec": {"containers": [{"name": "app", "ports": [{"name": "main", "containerPort": 8080}]}]},
        "status": {"phase": "Running", "podIP": f"10.0.0.{number}", "conditions": conditions},
    }


def service(number: int, selector: dict[str, str]) -> dict[str, Any]:
    ports = [{"name": "http", "port": 80, "targetPort": "main"}, {"name": "tcp", "port": 81}]
    return {"spec": {"clusterIP": f"10.96.0.{number}", "selector": selector, "ports": ports}}


def rule(principal: str, method: str) -> dict[str, Any]:
    to = {"to": [{"operation": {"methods": [method]}}]} if method else {}
    return {"from": [{"source": {"principals": [principal]}}], **to}


def peer(mode: str, selector: dict[str, str], ports: dict[str, Any]) -> dict[str, Any]:
    by_label = {"selector": {"matchLabels": selector}, "portLevelMtls": ports} if selector else {}
    return {"spec": {"mtls": {"mode": mode}, **by_label}}


def policy(action: str, selector: dict[str, str], made: dict[str, Any]) -> dict[str, Any]:
    by_label = {"selector": {"matchLabels": selector}} if selector else {}
    return {"spec": {"action": action, "rules": [made], **by_label}}


NUMBERS = st.integers(1, 250)
OBJECTS = st.one_of(
    named("Pod", "v1", st.builds(pod, NUMBERS)),
    named("Service", "v1", st.builds(service, NUMBERS, LABELS)),
    named(
        "AuthorizationPolicy",
        "security.istio.io/v1",
        st.builds(
            policy,
            st.sampled_from(["ALLOW", "DENY"]),
            LABELS,
            st.builds(rule, st.just("*"), st.sampled_from(["", "GET"])),
        ),
    ),
    named("PeerAuthentication", "security.istio.io/v1", st.builds(peer, MODES, LABELS, PORTS)),
)


def key(document: dict[str, Any]) -> tuple[str, str, str]:
    meta = document["metadata"]
    return (document["kind"], meta["namespace"], meta["name"])


MESHES = st.lists(OBJECTS, max_size=12, unique_by=key)


def ztunnel(documents: list[dict[str, Any]]) -> meshcompile.ZtunnelConfig:
    return meshcompile.load(documents, ambient=True).ztunnel()


def has_unset_namespace(documents: list[dict[str, Any]]) -> bool:
    """True if a policy of a whole namespace sets no mode: istiod then names a policy that it does not send."""
    specs = [each["spec"] for each in documents if each["kind"] == "PeerAuthentication"]
    return any("selector" not in spec and spec["mtls"]["mode"] == "UNSET" for spec in specs)


@settings(max_examples=80)
@given(MESHES, st.randoms(use_true_random=False))
def test_every_name_leads_somewhere(documents: list[dict[str, Any]], random: Any) -> None:
    """Services and policies of workloads exist, names are unique, and the order of the documents does not matter."""
    found = ztunnel(documents)
    services = [service_name(each) for each in found.services]
    policies = [policy_name(each) for each in found.authorizations]
    names = [each.uid for each in found.workloads] + services
    assert max(Counter(names).values(), default=1) == 1
    assert policies == sorted(set(policies))
    for workload in found.workloads:
        assert set(workload.services) <= set(services)
        if not has_unset_namespace(documents):
            assert set(workload.authorization_policies) <= set(policies)
    shuffled = list(documents)
    random.shuffle(shuffled)
    assert ztunnel(shuffled) == found


@settings(max_examples=60)
@given(MESHES)
def test_pods_with_addresses_of_their_own_are_found_by_them(documents: list[dict[str, Any]]) -> None:
    """Each address of a network is that of one workload, if no two Pods share one."""
    pods = [each for each in documents if each["kind"] == "Pod"]
    for number, each in enumerate(pods, start=1):
        each["status"]["podIP"] = f"10.1.0.{number}"
    found = [(each.network, address) for each in ztunnel(documents).workloads for address in each.addresses]
    assert len(found) == len(set(found)) == len(pods)


SIDES = st.sampled_from(["", "not"])
SOURCES = st.sampled_from(
    [
        ("principals", ["cluster.local/ns/shop/sa/a", "*"]),
        ("principals", ["*/sa/a"]),
        ("namespaces", ["bank", "sh*"]),
        ("serviceAccounts", ["a", "bank/b"]),
        ("ipBlocks", ["10.0.0.0/30"]),
    ]
)
CONDITIONS = st.sampled_from(
    [
        ("source.ip", "10.0.0.2"),
        ("source.namespace", "shop"),
        ("source.principal", "*/sa/b"),
        ("destination.ip", "10.0.0.9"),
        ("destination.port", "8080"),
    ]
)


def negated(side: str, name: str) -> str:
    return f"not{name[0].upper()}{name[1:]}" if side else name


L4_SOURCES = st.lists(
    st.builds(lambda side, each: {"source": {negated(side, each[0]): each[1]}}, SIDES, SOURCES), min_size=1, max_size=2
)
L4_CONDITIONS = st.lists(
    st.builds(lambda side, each: {"key": each[0], negated(side, "values"): [each[1]]}, SIDES, CONDITIONS),
    min_size=1,
    max_size=2,
)
L4_PORTS = st.builds(lambda side: [{"operation": {negated(side, "ports"): ["8080"]}}], SIDES)
L4_RULES = st.fixed_dictionaries({}, optional={"from": L4_SOURCES, "when": L4_CONDITIONS, "to": L4_PORTS})
L4_POLICIES = st.lists(
    st.builds(
        lambda action, rules: {"action": action, "rules": rules},
        st.sampled_from(["ALLOW", "DENY"]),
        st.lists(L4_RULES, min_size=1, max_size=2),
    ),
    max_size=3,
)
CLIENTS = st.sampled_from(["", "spiffe://cluster.local/ns/shop/sa/a", "spiffe://cluster.local/ns/bank/sa/b"])
CONNECTIONS = st.builds(
    TunnelledConnection,
    CLIENTS,
    st.sampled_from(["10.0.0.2", "10.0.0.7"]),
    st.just("10.0.0.9"),
    st.integers(8080, 8081),
)
SIDECAR = sidecar("shop")


@settings(max_examples=150)
@given(L4_POLICIES, CONNECTIONS)
def test_ztunnel_and_a_sidecar_agree(specs: list[dict[str, Any]], connection: TunnelledConnection) -> None:
    """Policies that say nothing about HTTP allow the same connections at a sidecar and at a ztunnel."""
    documents = [
        {
            "apiVersion": "security.istio.io/v1",
            "kind": "AuthorizationPolicy",
            "metadata": {"name": f"p{index}", "namespace": "shop"},
            "spec": spec,
        }
        for index, spec in enumerate(specs)
    ]
    mesh = meshcompile.load(documents, ambient=True)
    assert not mesh.diagnostics
    at_sidecar = connection_decision(
        guard(mesh, SIDECAR),
        Request(
            source=connection.source,
            destination=connection.destination,
            port=connection.port,
            principal=connection.identity,
        ),
    )
    at_ztunnel = connection_verdict(mesh.ztunnel().authorizations, connection)
    assert at_ztunnel.allowed is (at_sidecar.outcome is Outcome.ALLOWED)
