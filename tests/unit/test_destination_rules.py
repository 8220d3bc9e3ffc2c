"""Selection of DestinationRules for clients, and merging of several rules."""

from __future__ import annotations

from meshcompile.snapshot.destination_rules import MergedDestinationRule
from tests.meshes import mesh

HOST = "api.shop.svc.cluster.local"
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {clusterIP: 10.0.0.9, ports: [{name: http, port: 80}]}
"""


def rule(
    name: str,
    namespace: str = "shop",
    host: str = HOST,
    policy: str = "{loadBalancer: {simple: RANDOM}}",
    subsets: str = "",
    created: str = "2024-01-01T00:00:00Z",
    extra: str = "",
) -> str:
    listed = ", ".join(f"{{name: {subset}, labels: {{version: {subset}}}}}" for subset in subsets.split())
    traffic = f"trafficPolicy: {policy}," if policy else ""
    return f"""
    apiVersion: networking.istio.io/v1
    kind: DestinationRule
    metadata: {{name: {name}, namespace: {namespace}, creationTimestamp: '{created}'}}
    spec: {{host: "{host}", {traffic} subsets: [{listed}], {extra}}}
    """


def found(*texts: str, client: str = "shop") -> tuple[MergedDestinationRule, ...]:
    snapshot = mesh(SERVICE, *texts).snapshot
    service = next(s for s in snapshot.services.all if s.hostname == HOST)
    return snapshot.destination_rules.lookup(client, service)


def names(*texts: str, client: str = "shop") -> list[str]:
    return [each.name for each in found(*texts, client=client)]


def test_order_of_namespaces() -> None:
    """The client's namespace takes precedence over the service's, and that over the root namespace."""
    rules = (rule("c", "client"), rule("s"), rule("r", "istio-system"))
    assert names(*rules, client="client") == ["c"]
    assert names(*rules[1:], client="client") == ["s"]
    assert names(*rules[2:], client="client") == ["r"]


def test_wildcard_of_the_client_hides_more_specific_rules() -> None:
    """Even a wildcard in the client's namespace takes precedence over the service's own rule."""
    assert names(rule("wild", "client", host="*.local"), rule("own"), client="client") == ["wild"]


def test_most_specific_host() -> None:
    """In a namespace, the most specific host applies."""
    assert names(rule("any", host="*"), rule("wild", host="*.shop.svc.cluster.local"), rule("exact")) == ["exact"]
    assert names(rule("any", host="*"), rule("wild", host="*.shop.svc.cluster.local")) == ["wild"]


def test_short_hosts() -> None:
    """A host without a dot belongs to the rule's namespace. A host with a dot is used as written."""
    assert names(rule("short", host="api")) == ["short"]
    assert names(rule("dotted", host="api.shop")) == []


def test_export_to() -> None:
    """A rule applies only in namespaces that it is exported to, which may exclude its own."""
    private, away = rule("p", extra="exportTo: ['.']"), rule("a", extra="exportTo: [client]")
    assert (names(private), names(private, client="client")) == (["p"], [])
    assert (names(away), names(away, client="client")) == ([], ["a"])


def test_private_rules_of_the_root_namespace() -> None:
    """Proxies in the root namespace use its private rules first, then the service's."""
    private = rule("root", "istio-system", extra="exportTo: ['.']")
    assert names(private, rule("own"), client="istio-system") == ["root"]
    assert names(rule("root", "istio-system"), rule("own"), client="istio-system") == ["own"]


def test_merging() -> None:
    """Rules for the same host are merged: the oldest name, the first policy, the first subset of each name."""
    (merged,) = found(
        rule("b", created="2024-01-02T00:00:00Z", subsets="v1 v2"),
        rule("a", created="2024-01-03T00:00:00Z", policy="{loadBalancer: {simple: ROUND_ROBIN}}", subsets="v2 v3"),
        rule("c", created="2024-01-01T00:00:00Z", policy="", subsets="v3"),
    )
    assert merged.name == "c"
    assert [subset.name for subset in merged.subsets] == ["v3", "v1", "v2"]
    assert merged.traffic_policy is not None
    assert merged.traffic_policy.load_balancer is not None
    assert merged.traffic_policy.load_balancer.simple == "RANDOM"
    assert [part.name for part in merged.parts] == ["c", "b", "a"]


def test_rules_with_different_exports_are_not_merged() -> None:
    """Rules for different namespaces are not merged."""
    assert names(rule("a"), rule("b", extra="exportTo: ['.']")) == ["a", "b"]


def test_rules_with_different_selectors_are_not_merged() -> None:
    """Rules for different workloads are not merged, and those with selectors come first."""
    one, two = (f"workloadSelector: {{matchLabels: {{app: {app}}}}}" for app in ("x", "z"))
    assert names(rule("a"), rule("b", extra=one), rule("c", extra=two)) == ["b", "c", "a"]
    assert names(rule("b", extra=one), rule("c", extra=one)) == ["b"]


def test_labels_that_rules_look_at() -> None:
    """Two proxies with the same values of these labels get the same rules."""
    index = mesh(
        SERVICE,
        rule("a", extra="workloadSelector: {matchLabels: {app: x}}"),
        rule(
            "b",
            policy="{outlierDetection: {}, loadBalancer: {localityLbSetting: {failoverPriority: [tier=one, zone]}}}",
        ),
    ).snapshot.destination_rules
    assert index.label_keys == {"app", "tier", "zone"}
