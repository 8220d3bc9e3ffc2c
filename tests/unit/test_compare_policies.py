"""Authorization policies compared as sets of requests."""

from __future__ import annotations

from textwrap import dedent

import pytest

import meshcompile
from meshcompile import Config, PolicyComparison, Relation, compare_policies
from tests.unit.test_compare import SHOP, policy

TOKENS = """
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens, namespace: shop}
spec:
  selector: {matchLabels: {app: catalog}}
  jwtRules: [{issuer: "a.example", jwks: '{"keys": []}'}]
"""


def config(*objects: str, workload: str = "deployment/catalog.shop") -> Config:
    """The configuration of the catalog with some objects."""
    return meshcompile.load("---\n".join([SHOP, *map(dedent, objects)])).compile(workload)


def compared(before: str, after: str, *common: str) -> PolicyComparison:
    """The comparison of the rules of two policies that allow."""
    return compare_policies(config(policy("ALLOW", before), *common), config(policy("ALLOW", after), *common))


@pytest.mark.parametrize(
    ("before", "after", "relation"),
    [
        ("[{to: [{operation: {paths: ['/a*']}}]}]", "[{to: [{operation: {paths: ['/a/b']}}]}]", Relation.NARROWER),
        ("[{to: [{operation: {paths: [/a]}}]}]", "[{to: [{operation: {notPaths: [/a]}}]}]", Relation.INCOMPARABLE),
        ("[{to: [{operation: {paths: ['/*']}}]}]", "[{to: [{operation: {paths: ['*']}}]}]", Relation.EQUIVALENT),
        ("[{to: [{operation: {paths: ['*']}}]}]", "[{}]", Relation.WIDER),  # connections without HTTP, too
        (
            "[{from: [{source: {namespaces: [web]}}]}]",
            "[{from: [{source: {principals: ['cluster.local/ns/web/sa/x']}}]}]",
            Relation.NARROWER,
        ),
        (
            "[{to: [{operation: {paths: [/a]}}]}, {to: [{operation: {paths: [/b]}}]}]",
            "[{to: [{operation: {paths: [/b, /a]}}]}]",
            Relation.EQUIVALENT,
        ),
        (
            "[{when: [{key: 'request.headers[x]', values: [a]}]}]",
            "[{when: [{key: 'request.headers[x]', values: [a], notValues: [b]}]}]",
            Relation.NARROWER,  # a request whose header has both lines
        ),
        ("[{to: [{operation: {ports: ['80']}}]}]", "[{to: [{operation: {ports: ['80', '81']}}]}]", Relation.WIDER),
        ("[{from: [{source: {ipBlocks: [10.0.0.0/9, 10.128.0.0/9]}}]}]",
         "[{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}]", Relation.EQUIVALENT),
    ],
)  # fmt: skip
def test_relations(before: str, after: str, relation: Relation) -> None:
    """The relation is proved, has a witness for each side that admits more, and turns round with the sides."""
    found = compared(before, after)
    assert found.relation is relation
    assert (found.gained is not None) == (relation in (Relation.WIDER, Relation.INCOMPARABLE))
    assert (found.lost is not None) == (relation in (Relation.NARROWER, Relation.INCOMPARABLE))
    turned = {Relation.WIDER: Relation.NARROWER, Relation.NARROWER: Relation.WIDER}
    assert compared(after, before).relation is turned.get(relation, relation)


def test_a_witness_names_the_rules() -> None:
    """A witness is a request, with the rules that admit and refuse it and their places."""
    deny = policy("DENY", "[{to: [{operation: {paths: ['/admin*']}}]}]")
    lost = compare_policies(config(), config(deny)).lost
    assert lost is not None
    assert lost.to_dict()["request"]["path"] == "/admin"
    assert lost.refused_by == "ns[shop]-policy[rules]-rule[0]"
    assert [place.field for place in lost.places] == ["spec.rules[0]"]


def test_claims_of_tokens() -> None:
    """Claims count where the workload reads tokens, and no rule about them matches where it does not."""
    wants = "[{from: [{source: {requestPrincipals: ['*']}}]}]"
    admins = wants.replace("}]}]", "}], when: [{key: 'request.auth.claims[groups]', values: [admin]}]}]")
    narrower = compared(wants, admins, TOKENS)
    assert narrower.relation is Relation.NARROWER
    assert narrower.lost is not None
    assert narrower.lost.request.claims is not None
    assert narrower.lost.request.claims["iss"] == "a.example"
    others = wants.replace("'*'", "'b.example/*'")
    assert (
        compared(others, "[{to: [{operation: {paths: [/a], notPaths: [/a]}}]}]", TOKENS).relation is Relation.EQUIVALENT
    )
    without = compare_policies(config(policy("ALLOW", wants)), config(policy("ALLOW", wants), TOKENS))
    assert without.relation is Relation.WIDER
    assert without.gained is not None
    assert without.gained.request.claims is not None


def test_what_an_external_authorizer_decides_is_unknown() -> None:
    """Nothing is said of policies if an external authorizer is asked on one side only."""
    custom = policy("CUSTOM", "[{to: [{operation: {paths: [/a]}}]}]").replace(
        "action", "provider: {name: ext}\n          action"
    )
    mesh_config = {
        "extensionProviders": [
            {"name": "ext", "envoyExtAuthzHttp": {"service": "web.shop.svc.cluster.local", "port": 80}}
        ]
    }
    text = "---\n".join([SHOP, dedent(custom)])
    asking = meshcompile.load(text, mesh_config=mesh_config).compile("deployment/catalog.shop")
    found = compare_policies(config(), asking)
    assert (found.relation, found.reason) == (Relation.UNKNOWN, "an external authorizer decides")


def test_two_workloads() -> None:
    """The policies of two workloads are compared, too."""
    rules = policy("ALLOW", "[{to: [{operation: {paths: [/a]}}]}]")
    found = compare_policies(config(rules), config(rules, workload="deployment/web.shop"))
    assert found.relation is Relation.WIDER
