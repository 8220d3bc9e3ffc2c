"""Merging and lookup of rules and policies, compared with slow and obvious references."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from meshcompile.behaviour import ISTIO_1_30
from meshcompile.models.base import ObjectMeta
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.networking.destination_rule import DestinationRule, TrafficPolicy
from meshcompile.resolve.scope.traffic_policy import EffectivePolicies, EffectivePolicy, subset_policy
from meshcompile.snapshot.cluster_local import cluster_local_hosts
from meshcompile.snapshot.destination_rules import DestinationRuleIndex, destination_rule_index
from meshcompile.snapshot.gateway_api.converted import NOTHING
from meshcompile.snapshot.resources import ConfigStore
from meshcompile.snapshot.service import Registry, Resolution, Service
from meshcompile.values.hosts import covering, specificity, subset_of
from meshcompile.values.labels import matches, selects

MESH = MeshConfig(root_namespace="root")
NAMESPACES = ["a", "b", "root"]
HOSTS = ["api.a.com", "web.a.com", "*.a.com", "*.com", "*"]

policies = st.sampled_from([None, {"loadBalancer": {"simple": "RANDOM"}}, {"loadBalancer": {"simple": "ROUND_ROBIN"}}])
subsets = st.lists(st.sampled_from(["v1", "v2", "v3"]), unique=True, max_size=3)
exports = st.sampled_from([[], ["*"], ["."], ["a"], ["a", "b"]])
selectors = st.sampled_from([None, None, {"matchLabels": {"app": "x"}}, {"matchLabels": {"app": "z"}}])


@st.composite
def rules(draw: st.DrawFn) -> list[DestinationRule]:
    """Rules with different names, some with the same age."""
    names = draw(st.lists(st.sampled_from("cdefghij"), unique=True, max_size=6))
    return [
        DestinationRule.model_validate(
            {
                "metadata": ObjectMeta(
                    name=name,
                    namespace=draw(st.sampled_from(NAMESPACES)),
                    creation_timestamp=f"202{draw(st.integers(0, 2))}-01-01T00:00:00Z",
                ),
                "spec": {
                    "host": draw(st.sampled_from(HOSTS)),
                    "trafficPolicy": draw(policies),
                    "subsets": [{"name": subset} for subset in draw(subsets)],
                    "exportTo": draw(exports),
                    "workloadSelector": draw(selectors),
                },
            }
        )
        for name in names
    ]


def service(hostname: str, namespace: str) -> Service:
    return Service(hostname, namespace, hostname, Registry.EXTERNAL, Resolution.CLIENT_SIDE_LB, (), frozenset({"*"}))


def everything(index: DestinationRuleIndex) -> list[Any]:
    """The visible rules for every namespace and host, as plain values."""
    return [
        [
            (rule.name, rule.traffic_policy, [s.name for s in rule.subsets], [p.name for p in rule.parts])
            for rule in index.lookup(client, service(host, owner))
        ]
        for client in [*NAMESPACES, "other"]
        for owner in NAMESPACES
        for host in ["api.a.com", "web.a.com", "db.b.com", "*.a.com"]
    ]


def index(of: list[DestinationRule]) -> DestinationRuleIndex:
    return destination_rule_index(ConfigStore.of(of), MESH, NOTHING, ISTIO_1_30)


@given(rules().flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_merging_does_not_depend_on_the_order_of_input(
    found: tuple[list[DestinationRule], list[DestinationRule]],
) -> None:
    """The order of the rules does not affect the merged result."""
    given_order, shuffled = found
    assert everything(index(given_order)) == everything(index(shuffled))


def most_specific(host: str, candidates: Iterable[str]) -> str | None:
    """The most specific of the candidates that `host` is a subset of, or None."""
    return min((each for each in candidates if subset_of(host, each)), key=specificity, default=None)


@given(rules(), st.sampled_from(["api.a.com", "db.b.com", "x.org"]))
def test_lookup_of_own_rules(found: list[DestinationRule], host: str) -> None:
    """A client's own rules are those of the most specific host, as a linear search finds it."""
    own = [rule for rule in found if rule.namespace == "a" and _applies_at_home(rule)]
    wanted = most_specific(host, {rule.spec.host for rule in own})
    seen = index(found).lookup("a", service(host, "elsewhere"))
    if wanted is None:
        assert all(rule.namespace != "a" for rule in seen)
    else:
        assert {rule.host for rule in seen} == {wanted}


def _applies_at_home(rule: DestinationRule) -> bool:
    exported = rule.spec.export_to
    return rule.spec.workload_selector is not None or not exported or bool({"*", ".", "a"} & set(exported))


names = st.lists(st.sampled_from(["a", "b", "svc", "com"]), min_size=1, max_size=4).map(".".join)
hosts = st.one_of(names, names.map(lambda name: f"*.{name}"), st.just("*"))


@given(hosts, st.sets(hosts))
def test_covering_hosts(host: str, candidates: set[str]) -> None:
    """Walking up from a host visits exactly the hosts that it is a subset of, the most specific first."""
    met = [candidate for candidate in dict.fromkeys(covering(host)) if candidate in candidates]
    assert set(met) == {candidate for candidate in candidates if subset_of(host, candidate)}
    assert (met[0] if met else None) == most_specific(host, candidates)


labels = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz"), max_size=3)


@given(labels, labels)
def test_selection(selector: Mapping[str, str], found: Mapping[str, str]) -> None:
    """A selector selects labels that contain it. For services, an empty selector selects nothing."""
    assert selects(selector, found) == (set(selector.items()) <= set(found.items()))
    assert matches(selector, found) == (bool(selector) and set(selector.items()) <= set(found.items()))


@given(st.lists(st.tuples(hosts, st.booleans()), unique_by=lambda item: item[0]), names)
def test_cluster_local_hosts(settings: list[tuple[str, bool]], host: str) -> None:
    """The most specific setting decides whether a host is local to its cluster."""
    written = [{"hosts": [each], "settings": {"clusterLocal": local}} for each, local in settings]
    mesh = MeshConfig.model_validate({"serviceSettings": written})
    decisive = most_specific(host, dict(settings))
    assert (host in cluster_local_hosts(mesh)) == (decisive is not None and dict(settings)[decisive])


# ---- policies

FOUR = ("load_balancer", "connection_pool", "outlier_detection", "tls")
THREE = ("tunnel", "proxy_protocol", "retry_budget")
VALUES: Mapping[str, Any] = {
    "loadBalancer": {"simple": "RANDOM"},
    "connectionPool": {"tcp": {"maxConnections": 3}},
    "outlierDetection": {"interval": "5s"},
    "tls": {"mode": "SIMPLE"},
    "tunnel": {"targetHost": "h", "targetPort": 80},
    "proxyProtocol": {"version": "V2"},
    "retryBudget": {"minRetryConcurrency": 4},
}
some_of_four = st.sets(st.sampled_from(["loadBalancer", "connectionPool", "outlierDetection", "tls"]))


@st.composite
def traffic_policies(draw: st.DrawFn) -> TrafficPolicy | None:
    """A policy with some settings, and some for ports 80 and 81."""
    if draw(st.booleans()) and draw(st.booleans()):
        return None
    ports = draw(st.lists(st.tuples(st.sampled_from([80, 81]), some_of_four), max_size=3))
    chosen = draw(st.sets(st.sampled_from(sorted(VALUES))))
    return TrafficPolicy.model_validate(
        {
            **{name: VALUES[name] for name in chosen},
            "portLevelSettings": [
                {"port": {"number": port}, **{name: VALUES[name] for name in names}} for port, names in ports
            ],
        }
    )


def as_values(policy: EffectivePolicy) -> dict[str, Any]:
    return {name: getattr(policy, name) for name in (*FOUR, *THREE)}


def level(policy: TrafficPolicy | None, port: int) -> tuple[dict[str, Any], bool]:
    """The settings at one level for a port, and whether they are those of the port."""
    if policy is None:
        return dict.fromkeys((*FOUR, *THREE)), False
    for settings in policy.port_level_settings:
        if settings.port is not None and settings.port.number == port:
            return {**dict.fromkeys(THREE), **{name: getattr(settings, name) for name in FOUR}}, True
    return {name: getattr(policy, name) for name in (*FOUR, *THREE)}, False


@given(traffic_policies(), traffic_policies(), st.sampled_from([80, 81, 82]))
def test_policy_of_a_subset(rule: TrafficPolicy | None, subset: TrafficPolicy | None, port: int) -> None:
    """A subset's settings override the rule's. Settings of a port replace all four kinds."""
    inherited, _ = level(rule, port)
    expected = dict(inherited)
    if subset is not None:
        own, replaces = level(subset, port)
        expected.update({name: own[name] for name in FOUR if replaces or own[name] is not None})
        expected.update({name: own[name] for name in THREE if own[name] is not None})
    assert as_values(subset_policy(rule, subset, port)) == expected


@given(traffic_policies(), st.sampled_from([80, 81, 82]))
def test_policy_of_a_port(rule: TrafficPolicy | None, port: int) -> None:
    """The policy of a port is the rule's level for it. All ports without settings share one policy."""
    policies = EffectivePolicies(rule)
    assert as_values(policies.of_port(port)) == level(rule, port)[0]
    assert policies.of_port(82) is policies.of_port(83)
