"""What a change of a mesh does to requests."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest
from msgspec import structs

import meshcompile
from meshcompile import MeshChange, MeshDiff, Relation, Risk
from meshcompile.compare.inbound import InboundChange, inbound_diff, inbound_names
from meshcompile.compare.pairs import ConfigPair
from meshcompile.compare.proxy_diff import proxy_diff
from meshcompile.compare.report import text
from tests.cli.conftest import MESH

CLIENT = MESH.replace("catalog", "web").replace("10.96.0.10", "10.96.0.11")
VERSIONS = MESH.replace("name: catalog,", "name: catalog-v2,").replace("app: catalog,", "app: catalog, version: v2,")
SHOP = "---\n".join([MESH, CLIENT])

GATEWAY_POD = """
apiVersion: v1
kind: Pod
metadata: {name: ingress-0, namespace: istio-system, labels: {istio: ingressgateway}}
spec: {containers: [{name: istio-proxy, image: proxyv2, args: [proxy, router]}]}
status: {podIP: 10.0.9.9}
---
apiVersion: v1
kind: Service
metadata: {name: ingress, namespace: istio-system}
spec:
  selector: {istio: ingressgateway}
  ports: [{name: http2, port: 80, targetPort: 8080}, {name: other, port: 81, targetPort: 8081}]
"""


def difference(before: str, after: str, common: str = SHOP) -> MeshDiff:
    """The difference of two texts, each together with a common part."""
    old, new = (meshcompile.load("---\n".join([common, dedent(text)])) for text in (before, after))
    for mesh in (old, new):
        assert not [each for each in mesh.diagnostics if each.severity is meshcompile.Severity.ERROR]
    return meshcompile.diff(old, new)


def only(diff: MeshDiff) -> MeshChange:
    """The one change."""
    (change,) = diff.changes
    return change


def route(match: str, timeout: str = "5s") -> str:
    """A VirtualService of the catalog whose first rule has a match."""
    return f"""
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {{name: catalog, namespace: shop}}
        spec:
          hosts: [catalog]
          http:
            - match: [{match}]
              route: [{{destination: {{host: web}}}}]
            - timeout: {timeout}
              route: [{{destination: {{host: catalog}}}}]
        """


def policy(action: str, rules: str) -> str:
    """A policy of the catalog."""
    return f"""
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {{name: rules, namespace: shop}}
        spec:
          selector: {{matchLabels: {{app: catalog}}}}
          action: {action}
          rules: {rules}
        """


def gateway(port: int, hosts: str) -> str:
    """A gateway and a VirtualService that is bound to it."""
    return f"""
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata: {{name: front, namespace: shop}}
        spec:
          selector: {{istio: ingressgateway}}
          servers: [{{port: {{number: {port}, name: http, protocol: HTTP}}, hosts: {hosts}}}]
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {{name: front, namespace: shop}}
        spec:
          hosts: ["*.example.com"]
          gateways: [front]
          http: [{{route: [{{destination: {{host: catalog}}}}]}}]
        """


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{uri: {prefix: /a}}", "{uri: {regex: '/a.*'}}"),
        ("{uri: {exact: /a}}", "{uri: {regex: /a}}"),
        ("{headers: {x-a: {prefix: b}}}", "{headers: {x-a: {regex: 'b.*'}}}"),
        ("{method: {exact: GET}}", "{method: {regex: GET}}"),
        ("{uri: {prefix: /a}}, {uri: {prefix: /a/b}}", "{uri: {prefix: /a}}"),
    ],
)
def test_two_ways_to_say_the_same(one: str, other: str) -> None:
    """Matches that take the same requests are no change of behaviour, and that is proved."""
    diff = difference(route(one), route(other))
    assert (diff.behaviour, diff.proved, diff.changes) == ("none", True, ())
    assert not diff.is_empty


@pytest.mark.parametrize(
    ("one", "other", "url", "headers"),
    [
        ("{uri: {prefix: /a}}", "{uri: {prefix: /a/}}", "http://catalog.shop/a", {}),
        ("{uri: {regex: '/[ab]'}}", "{uri: {regex: '/[bc]'}}", "http://catalog.shop/a", {}),
        ("{headers: {x-a: {exact: b}}}", "{headers: {x-a: {prefix: b}}}", "http://catalog.shop/", {"x-a": "ba"}),
        ("{queryParams: {p: {exact: b}}}", "{queryParams: {p: {exact: c}}}", "http://catalog.shop/?p=b", {}),
    ],
)
def test_requests_between_two_matches(one: str, other: str, url: str, headers: dict[str, str]) -> None:
    """The witness is a request that only one of two matches takes."""
    diff = difference(route(one), route(other))
    assert diff.behaviour == "changed"
    witness = diff.changes[0].witness
    assert (witness["url"], witness.get("headers", {})) == (url, headers)
    assert {diff.changes[0].before["answered_by"], diff.changes[0].after["answered_by"]} == {"catalog.shop", "web.shop"}


def test_a_timeout() -> None:
    """A change of a timeout is one change, with the line of the timeout on both sides."""
    change = only(difference(route("{uri: {exact: /a}}"), route("{uri: {exact: /a}}", timeout="1s")))
    assert (change.before["timeout"], change.after["timeout"]) == ("5s", "1s")
    assert [origin.field for origin in (*change.lines_before, *change.lines_after)] == ["spec.http[1].timeout"] * 2
    assert change.proxies == ("deployment/catalog.shop", "deployment/web.shop")


def test_comments_and_order_change_nothing() -> None:
    """Comments and the order of documents give equal configurations."""
    text = route("{uri: {exact: /a}}")
    assert difference(text, f"# a comment\n{dedent(text)}").is_empty
    assert meshcompile.diff(meshcompile.load(SHOP), meshcompile.load("---\n".join([CLIENT, MESH]))).is_empty


def test_a_policy_that_goes() -> None:
    """A request that a removed policy denied is allowed now, which is risky."""
    change = only(difference(policy("DENY", '[{to: [{operation: {paths: ["/keys*"]}}]}]'), ""))
    assert (change.before["status"], change.after["status"], change.risky) == (403, 200, (Risk.AUTHORIZATION_WIDENED,))
    assert change.witness["url"] == "http://catalog.shop.svc.cluster.local/keys"
    assert change.proxies == ("deployment/catalog.shop",)


def test_a_policy_for_one_caller() -> None:
    """The witness comes from a client that the policy names."""
    rules = "[{from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}]"
    change = only(difference(policy("DENY", rules), ""))
    assert change.witness["from"] == "deployment/web.shop"
    assert change.witness["principal"] == "spiffe://cluster.local/ns/shop/sa/web"


def test_strict_mutual_tls() -> None:
    """Plain text that a server no longer takes is a change, and the way back is risky."""
    strict = """
        apiVersion: security.istio.io/v1
        kind: PeerAuthentication
        metadata: {name: default, namespace: shop}
        spec: {mtls: {mode: STRICT}}
        """
    change = only(difference("", strict))
    assert (change.before["status"], change.after["status"], change.after["flags"]) == (200, None, "NR")
    assert (change.proxies, change.risky) == (("deployment/catalog.shop", "deployment/web.shop"), ())
    assert only(difference(strict, "")).risky == (Risk.MTLS_WEAKENED,)


def test_servers_with_the_same_change_know_the_names_of_both_sides() -> None:
    """The outcomes of a server that changes like another name its workload, although only one side knows the name."""
    strict = """
        apiVersion: security.istio.io/v1
        kind: PeerAuthentication
        metadata: {name: default, namespace: shop}
        spec: {mtls: {mode: STRICT}}
        """
    old, new = (meshcompile.load("---\n".join([SHOP, dedent(each)])) for each in (strict, ""))
    first, second = (
        ConfigPair(old.compile(name), new.compile(name)) for name in ("deployment/catalog.shop", "deployment/web.shop")
    )
    without = structs.replace(second.after.resources, endpoints=())
    nameless = ConfigPair(second.before, replace(second.after, resources=without))
    known = InboundChange(first, proxy_diff(first), inbound_names(first))
    (change,) = inbound_diff(known, nameless, inbound_names(nameless)).behaviour
    assert change.after.shown["answered_by"] == "web.shop"


def test_a_listener_that_moves() -> None:
    """A gateway on another port closes a listener and opens one."""
    diff = difference(gateway(80, '["*"]'), gateway(81, '["*"]'), "---\n".join([SHOP, GATEWAY_POD]))
    assert {str(risk) for risk in diff.risky} == {"exposure", "listener-drain"}
    urls = {change.witness["url"]: (change.before["status"], change.after["status"]) for change in diff.changes}
    assert urls == {"http://any.example.com/": (200, None), "http://any.example.com:81/": (None, 200)}


def test_a_host_that_a_gateway_now_serves() -> None:
    """A gateway that takes a host more exposes the routes that are bound to it."""
    before, after = (gateway(80, hosts) for hosts in ('["a.example.com"]', '["a.example.com", "b.example.com"]'))
    change = only(difference(before, after, "---\n".join([SHOP, GATEWAY_POD])))
    assert (change.before["status"], change.after["status"], change.risky) == (404, 200, (Risk.EXPOSURE,))
    assert change.witness["url"] == "http://b.example.com/"


def test_a_service_that_goes() -> None:
    """Requests to a Service that is gone go to nothing."""
    diff = meshcompile.diff(meshcompile.load(SHOP), meshcompile.load(CLIENT))
    assert diff.removed == ("deployment/catalog.shop",)
    assert diff.risky == (Risk.ROUTE_TO_NOTHING,)
    assert only(diff).after == {
        "status": 503,
        "details": "the host is gone, so its name no longer resolves",
        "cluster": "PassthroughCluster",
    }


def test_only_some_proxies_and_types() -> None:
    """A difference can be asked for some proxies, and shown for some types of resources."""
    old, new = (
        meshcompile.load("---\n".join([SHOP, dedent(route(match))]))
        for match in ("{uri: {exact: /a}}", "{uri: {exact: /b}}")
    )
    diff = meshcompile.diff(old, new, ["deployment/web.shop"])
    assert {name for change in diff.changes for name in change.proxies} == {"deployment/web.shop"}
    assert diff.only(("clusters",)).resources == ()
    assert diff.only(("routes",)).resources == diff.resources
    with pytest.raises(meshcompile.UnknownProxy):
        meshcompile.diff(old, new, ["deployment/nobody.shop"])


def test_named_rules_in_another_order() -> None:
    """Rules with names are compared in their order, like all others."""
    rules = (
        "{name: one, match: [{uri: {prefix: /a}}], route: [{destination: {host: web}}]}",
        ("{name: two, match: [{uri: {prefix: /a/b}}], route: [{destination: {host: catalog}}]}"),
    )
    service = """
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: catalog, namespace: shop}
        spec: {hosts: [catalog], http: [%s]}
        """
    diff = difference(service % ", ".join(rules), service % ", ".join(reversed(rules)))
    change = only(diff)
    assert change.witness["url"] == "http://catalog.shop/a/b"
    assert (change.before["answered_by"], change.after["answered_by"]) == ("web.shop", "catalog.shop")


def service_rule(more: str) -> str:
    """A VirtualService of the catalog with one rule, and more fields in it."""
    return f"""
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {{name: catalog, namespace: shop}}
        spec: {{hosts: [catalog], http: [{{{more} route: [{{destination: {{host: catalog}}}}]}}]}}
        """


def test_a_cors_policy() -> None:
    """What only requests from other origins meet is shown by one of them."""
    policy = 'corsPolicy: {allowOrigins: [{exact: "https://a.example.com"}], allowMethods: [GET]},'
    change = only(difference(service_rule(""), service_rule(policy)))
    assert (change.witness["method"], change.witness["headers"]["origin"]) == ("OPTIONS", "https://a.example.com")
    assert (change.before["answered_by"], change.after["details"]) == ("catalog.shop", "cors_response")


def test_a_number_of_retries() -> None:
    """The report says how many retries there are if that differs."""
    diff = difference(service_rule("retries: {attempts: 3},"), service_rule("retries: {attempts: 5},"))
    report = text(diff)
    assert "retries 3" in report
    assert "retries 5" in report
    assert "retries" not in text(difference(service_rule(""), service_rule("timeout: 1s,")))


def test_a_slash_after_a_prefix() -> None:
    """A path and what only begins like it are two changes if a prefix gains its slash."""
    diff = difference(route("{uri: {prefix: /v1}}"), route("{uri: {prefix: /v1/}}"))
    assert [change.requests for change in diff.changes] == ["requests for /v1", "requests for paths such as /v1a"]


def test_clusters_that_nothing_leads_to() -> None:
    """A cluster that no route of a gateway leads to leaves nothing open."""
    rule = """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: catalog, namespace: shop}
        spec: {host: catalog, subsets: [{name: %s}]}
        """
    diff = difference(rule % "one", rule % "two", "---\n".join([SHOP, GATEWAY_POD]))
    assert (diff.behaviour, diff.proved, diff.undecided) == ("none", True, ())


WIDER = "[{to: [{operation: {methods: [GET]}}]}, {to: [{operation: {methods: [PUT], paths: ['/q*']}}]}]"


def test_policies_that_admit_more_are_proved_to() -> None:
    """A policy that admits more is a risk, with a request for it, and the other way around it is none."""
    narrow = "[{to: [{operation: {methods: [GET]}}]}]"
    diff = difference(policy("ALLOW", narrow), policy("ALLOW", WIDER))
    (change,) = diff.policies
    assert (change.proxies, change.comparison.relation) == (("deployment/catalog.shop",), Relation.WIDER)
    assert change.comparison.gained is not None
    assert (change.comparison.gained.request.method, change.comparison.gained.request.path) == ("PUT", "/q")
    assert change.comparison.lost is None
    assert Risk.AUTHORIZATION_WIDENED in diff.risky
    assert "deployment/catalog.shop: the policies admit more than before (proved)\n    + PUT /q from" in text(diff)
    back = difference(policy("ALLOW", WIDER), policy("ALLOW", narrow))
    assert back.policies[0].comparison.relation is Relation.NARROWER
    assert Risk.AUTHORIZATION_WIDENED not in back.risky


def test_policies_that_say_the_same_otherwise_are_equivalent() -> None:
    """Two ways to write a policy are equivalent, and a change of something else compares no policies."""
    one = "[{to: [{operation: {methods: [GET, PUT]}}]}]"
    other = "[{to: [{operation: {methods: [PUT]}}]}, {to: [{operation: {methods: [GET]}}]}]"
    (change,) = difference(policy("ALLOW", one), policy("ALLOW", other)).policies
    assert (change.comparison.relation, change.widens) == (Relation.EQUIVALENT, False)
    assert difference(route("{uri: {prefix: /a}}"), route("{uri: {prefix: /b}}")).policies == ()


def test_a_service_that_opens_a_workload_to_the_outside() -> None:
    """A Service that nodes open exposes its workload past all gateways, unless the workload takes mutual TLS only."""
    opened = SHOP.replace("selector: {app: catalog}\n  ports", "selector: {app: catalog}\n  type: NodePort\n  ports", 1)
    assert opened != SHOP
    change = only(meshcompile.diff(meshcompile.load(SHOP), meshcompile.load(opened)))
    assert (change.before["status"], change.after["status"], change.risky) == (None, 200, (Risk.EXPOSURE,))
    assert change.proxies == ("deployment/catalog.shop",)
    assert only(meshcompile.diff(meshcompile.load(opened), meshcompile.load(SHOP))).risky == ()
    strict = """
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
"""
    assert meshcompile.diff(meshcompile.load(SHOP + strict), meshcompile.load(opened + strict)).changes == ()


def test_each_kind_of_request_that_policies_decide_is_shown() -> None:
    """What a policy no longer admits is a change, also if it now admits something else."""
    before = "[{to: [{operation: {paths: [/a]}}], when: [{key: 'request.headers[x-a]', values: [b]}]}]"
    diff = difference(policy("ALLOW", before), policy("ALLOW", "[{to: [{operation: {paths: [/b]}}]}]"))
    assert [(each.before["status"], each.after["status"]) for each in diff.changes] == [(403, 200), (200, 403)]
    assert diff.changes[1].witness["headers"] == {"x-a": "b"}


def test_what_policies_prove_is_not_reported_again() -> None:
    """A difference of policies that no request shows is said once: by the comparison, and not as unknown."""
    wants = "[{from: [{source: {remoteIpBlocks: [%s]}}]}]"
    diff = difference(policy("ALLOW", wants % "10.1.0.0/16"), policy("ALLOW", wants % "10.0.0.0/8"))
    assert diff.policies[0].comparison.relation is Relation.WIDER
    assert (diff.behaviour, diff.proved, diff.undecided) == ("changed", False, ())
    assert (
        text(diff).startswith("other requests are admitted at 1 workload (proved), risky: authorization-widened")
        or diff.changes
    )


def test_only_policies() -> None:
    """A difference can be shown for policies only: what is proved about them, and the requests that they decide."""
    old = "---\n".join(map(dedent, [route("{uri: {exact: /a}}"), policy("ALLOW", WIDER)]))
    diff = difference(old, route("{uri: {exact: /b}}"))
    shown = diff.only(("policies",))
    assert (shown.policies, shown.resources) == (diff.policies, ())
    assert len(diff.changes) > len(shown.changes) > 0
    assert {(each.before["status"], each.after["status"]) for each in shown.changes} == {(403, 200), (None, 200)}
    assert diff.only(("routes", "policies")).changes == diff.changes
    assert diff.only(("routes",)).policies == ()


def test_a_workload_without_a_name_is_the_same_with_one() -> None:
    """That an endpoint gets a name in telemetry is no other outcome."""
    entry = """
    apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    metadata: {name: payments, namespace: shop}
    spec:
      hosts: [payments.example]
      ports: [{number: 80, name: http, protocol: HTTP}]
      resolution: STATIC
      endpoints: [{address: 192.0.2.10}]
    """
    mesh = meshcompile.load("---\n".join([SHOP, dedent(entry)]), release="1.29")
    (row,) = meshcompile.upgrade(mesh, to="1.30").rows
    assert (row.change.field, row.requests) == ("named_entry_endpoints", ())
