"""Authorization policies, from YAML to RBAC rules."""

from __future__ import annotations

from typing import Any

import pytest

from meshcompile.emit.rbac import permission, principal
from meshcompile.resolve.security.conditions import DestinationPort, SourceAddress
from meshcompile.resolve.security.trust_domains import TrustDomains
from meshcompile.values.ip import Range
from tests.meshes import asked, listeners, mesh, sidecar
from tests.unit.test_inbound import WORKLOAD


def policy(name: str, rules: str = "", action: str = "ALLOW", extra: str = "", annotations: str = "") -> str:
    return f"""
    apiVersion: security.istio.io/v1
    kind: AuthorizationPolicy
    metadata: {{name: {name}, namespace: shop, annotations: {{{annotations}}}}}
    spec:
      action: {action}
      {extra}
      {f"rules: {rules}" if rules else ""}
    """


def rbac(*texts: str, port: int = 8080, **mesh_config: Any) -> list[dict[str, Any]]:
    """The RBAC configurations of the first chain of a port."""
    found = listeners(mesh(WORKLOAD, *texts, **mesh_config), sidecar(labels={"app": "web"}))["virtualInbound"]
    chain = next(c for c in found["filterChains"] if c["filterChainMatch"].get("destinationPort") == port)
    configs = [each["typedConfig"] for each in chain["filters"]]
    configs += [each["typedConfig"] for config in configs for each in config.get("httpFilters", ())]
    return [config for config in configs if config["@type"].endswith("RBAC")]


def only_rule(*texts: str, **options: Any) -> dict[str, Any]:
    (config,) = rbac(*texts, **options)
    (rule,) = config["rules"]["policies"].values()
    return dict(rule)


def principals(source: str, **options: Any) -> Any:
    (principal,) = only_rule(policy("p", f"[{{from: [{{source: {source}}}]}}]"), **options)["principals"]
    return principal["andIds"]["ids"]


def permissions(operation: str) -> Any:
    (permission,) = only_rule(policy("p", f"[{{to: [{{operation: {operation}}}]}}]"))["permissions"]
    return permission["andRules"]["rules"]


def test_actions_come_in_order() -> None:
    """The filters are in the order AUDIT, DENY, ALLOW, one per action."""
    found = rbac(policy("a", "[{}]"), policy("b", "[{}]", "DENY"), policy("c", "[{}]", "AUDIT"))
    assert [config["rules"].get("action", "ALLOW") for config in found] == ["LOG", "DENY", "ALLOW"]


def test_allow_without_rules_matches_nothing() -> None:
    """An ALLOW policy without rules becomes a rule that never matches, so everything is denied."""
    rule = only_rule(policy("p"))
    assert rule["principals"] == [{"notId": {"any": True}}]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("cluster.local/ns/shop/sa/web", {"exact": "spiffe://cluster.local/ns/shop/sa/web"}),
        ("cluster.local/ns/*", {"prefix": "spiffe://cluster.local/ns/"}),
        ("*/sa/web", {"safeRegex": {"regex": "spiffe://.*/sa/web"}}),
        ("*", {"safeRegex": {"regex": ".+"}}),
    ],
)
def test_principals(written: str, expected: dict[str, Any]) -> None:
    """Principals are SPIFFE identities without the scheme, with `*` at the start or end."""
    (found,) = principals(f'{{principals: ["{written}"]}}')
    assert found == {"orIds": {"ids": [{"authenticated": {"principalName": expected}}]}}


def test_not_values_follow_values() -> None:
    """Negated values become the negation of all of them together."""
    assert permissions('{ports: ["80"], notPorts: ["81", "82"]}') == [
        {"orRules": {"rules": [{"destinationPort": 80}]}},
        {"notRule": {"orRules": {"rules": [{"destinationPort": 81}, {"destinationPort": 82}]}}},
    ]


def test_hosts_ignore_case_and_paths_do_not() -> None:
    """Hosts are matched without regard to case, and paths and methods exactly."""
    host, method, path = permissions("{paths: [/a*], hosts: [A.com], methods: [GET]}")
    assert host["orRules"]["rules"][0]["header"]["stringMatch"] == {"exact": "A.com", "ignoreCase": True}
    assert method["orRules"]["rules"][0]["header"]["stringMatch"] == {"exact": "GET"}
    assert path["orRules"]["rules"][0] == {"urlPath": {"path": {"prefix": "/a"}}}


def test_path_templates() -> None:
    """`{*}` matches one path segment, and `{**}` any number."""
    (path,) = permissions("{paths: ['/a/{*}/b/{**}']}")
    assert path["orRules"]["rules"][0]["uriTemplate"]["typedConfig"]["pathTemplate"] == "/a/*/b/**"


def test_trust_domain_aliases() -> None:
    """Principals of the mesh match in every trust domain of the mesh, and `cluster.local` means the mesh's own."""
    (found,) = principals(
        '{principals: ["cluster.local/ns/shop/sa/web"]}', trustDomain="new", trustDomainAliases=["old"]
    )
    names = [each["authenticated"]["principalName"]["exact"] for each in found["orIds"]["ids"]]
    assert names == ["spiffe://new/ns/shop/sa/web", "spiffe://old/ns/shop/sa/web"]


def test_foreign_trust_domains_stay() -> None:
    """Principals of other trust domains, and values that are not principals, are unchanged."""
    domains = TrustDomains(("new", "old"))
    assert domains.principals(["other/ns/a/sa/b", "*/ns/a/sa/b", "x"]) == ("other/ns/a/sa/b", "*/ns/a/sa/b", "x")
    assert domains.principals(["*d/ns/a/sa/b"]) == ("new/ns/a/sa/b", "*d/ns/a/sa/b")


HTTP_RULE = "[{to: [{operation: {methods: [GET], ports: ['9000']}}]}]"


def test_allow_rules_for_requests_are_dropped_on_tcp() -> None:
    """On a TCP port, an ALLOW rule with HTTP attributes allows nothing, which is reported."""
    (config,) = rbac(policy("p", HTTP_RULE), port=9000)
    assert "policies" not in config["rules"]
    found = asked(mesh(WORKLOAD, policy("p", HTTP_RULE)), sidecar(labels={"app": "web"}))
    assert found.slugs() == ["http-fields-on-tcp"]


def test_deny_rules_for_requests_get_wider_on_tcp() -> None:
    """On a TCP port, a DENY rule keeps only its TCP attributes."""
    (permission,) = only_rule(policy("p", HTTP_RULE, "DENY"), port=9000)["permissions"]
    assert permission["andRules"]["rules"] == [{"orRules": {"rules": [{"destinationPort": 9000}]}}]


def test_dry_run() -> None:
    """A dry-run policy only writes its result to the metadata."""
    (config,) = rbac(policy("p", "[{}]", "DENY", annotations='istio.io/dry-run: "true"'))
    assert "rules" not in config
    assert config["shadowRulesStatPrefix"] == "istio_dry_run_deny_"


def test_unknown_provider_denies() -> None:
    """A CUSTOM policy with an unknown provider denies what it matches, which is an error."""
    custom = policy("p", "[{}]", "CUSTOM", "provider: {name: nobody}")
    (config,) = rbac(custom)
    assert list(config["rules"]["policies"]) == [
        "istio-ext-authz-nobody-ns[shop]-policy[p]-rule[0]-deny-due-to-bad-CUSTOM-action"
    ]
    found = asked(mesh(WORKLOAD, custom), sidecar(labels={"app": "web"}))
    assert found.slugs() == ["unknown-provider"]


def test_policies_of_the_root_namespace_come_first() -> None:
    """Policies in the root namespace apply everywhere, together with the workload's own."""
    root = policy("root", "[{}]").replace("namespace: shop", "namespace: istio-system")
    (config,) = rbac(policy("own", "[{}]"), root)
    assert list(config["rules"]["policies"]) == [
        "ns[istio-system]-policy[root]-rule[0]",
        "ns[shop]-policy[own]-rule[0]",
    ]


def test_a_condition_of_the_wrong_side_is_no_rule_for_everybody() -> None:
    """A permission about the source, or a principal about the operation, raises instead of meaning `any`."""
    with pytest.raises(AssertionError):
        permission(SourceAddress(Range("10.0.0.0", 8)))  # type: ignore[arg-type]
    with pytest.raises(AssertionError):
        principal(DestinationPort(80))  # type: ignore[arg-type]
