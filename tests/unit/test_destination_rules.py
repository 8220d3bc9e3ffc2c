"""Which DestinationRule is for whom, and how several become one."""

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
    """The client's namespace goes before the service's, and that before the root namespace."""
    rules = (rule("c", "client"), rule("s"), rule("r", "istio-system"))
    assert names(*rules, client="client") == ["c"]
    assert names(*rules[1:], client="client") == ["s"]
    assert names(*rules[2:], client="client") == ["r"]


def test_wildcard_of_the_client_hides_more_specific_rules() -> None:
    """Even a wildcard of the client's namespace goes before the service's own rule."""
    assert names(rule("wild", "client", host="*.local"), rule("own"), client="client") == ["wild"]


def test_most_specific_host() -> None:
    """Within a namespace the most specific host counts."""
    assert names(rule("any", host="*"), rule("wild", host="*.shop.svc.cluster.local"), rule("exact")) == ["exact"]
    assert names(rule("any", host="*"), rule("wild", host="*.shop.svc.cluster.local")) == ["wild"]


def test_short_hosts() -> None:
    """A host without a dot is of the rule's namespace; one with a dot is taken as it is."""
    assert names(rule("short", host="api")) == ["short"]
    assert names(rule("dotted", host="api.shop")) == []


def test_export_to() -> None:
    """A rule is only for namespaces that it is exported to; its own is not among them unless it says so."""
    private, away = rule("p", extra="exportTo: ['.']"), rule("a", extra="exportTo: [client]")
    assert (names(private), names(private, client="client")) == (["p"], [])
    assert (names(away), names(away, client="client")) == ([], ["a"])


def test_private_rules_of_the_root_namespace() -> None:
    """Proxies of the root namespace look at its private rules first, then at the service's."""
    private = rule("root", "istio-system", extra="exportTo: ['.']")
    assert names(private, rule("own"), client="istio-system") == ["root"]
    assert names(rule("root", "istio-system"), rule("own"), client="istio-system") == ["own"]


def test_merging() -> None:
    """Rules of one host are one rule: the oldest's name, the first policy, the first subset of each name."""
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
    """Rules that different namespaces see stay apart."""
    assert names(rule("a"), rule("b", extra="exportTo: ['.']")) == ["a", "b"]


def test_rules_with_different_selectors_are_not_merged() -> None:
    """Rules for different workloads stay apart, those with selectors first."""
    one, two = (f"workloadSelector: {{matchLabels: {{app: {app}}}}}" for app in ("x", "z"))
    assert names(rule("a"), rule("b", extra=one), rule("c", extra=two)) == ["b", "c", "a"]
    assert names(rule("b", extra=one), rule("c", extra=one)) == ["b"]


def test_labels_that_rules_look_at() -> None:
    """Two proxies that agree on these labels get the same."""
    index = mesh(
        SERVICE,
        rule("a", extra="workloadSelector: {matchLabels: {app: x}}"),
        rule(
            "b",
            policy="{outlierDetection: {}, loadBalancer: {localityLbSetting: {failoverPriority: [tier=one, zone]}}}",
        ),
    ).snapshot.destination_rules
    assert index.label_keys == {"app", "tier", "zone"}
