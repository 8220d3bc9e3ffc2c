"""Who can call a service, and under which conditions."""

from __future__ import annotations

import json
import random
from pathlib import Path
from textwrap import dedent

import jsonschema
import pytest

import meshcompile
from meshcompile import Mesh, Reach, Request
from meshcompile.prove.reach_schema import reach_schema
from meshcompile.simulate import Capture, ClientHello, DownstreamConnection, HttpRequest, PeerCertificate
from meshcompile.simulate.outcomes import ForwardedBytes, ForwardedRequest
from meshcompile.symbolic.concrete import ConcreteRequest, dimensions_of
from tests.unit.test_compare import GATEWAY_POD, SHOP, gateway, policy
from tests.unit.test_compare_waypoints import MESH as AMBIENT

WEB = "cluster.local/ns/shop/sa/web"
RULES = [
    f"[{{from: [{{source: {{principals: ['{WEB}']}}}}], to: [{{operation: {{paths: ['/a*'], methods: [GET]}}}}]}}]",
    "[{to: [{operation: {paths: [/a], notMethods: [GET]}}]}, {from: [{source: {namespaces: [shop]}}]}]",
    "[{from: [{source: {notNamespaces: [shop]}}], when: [{key: 'request.headers[x-a]', values: [b, 'c*']}]}]",
    "[{to: [{operation: {hosts: [catalog.shop], paths: ['*z']}}, {operation: {ports: ['9']}}]}]",
]
REFUSED = "[{to: [{operation: {paths: ['/a/b*'], methods: [GET]}}]}]"
STRICT = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: strict, namespace: shop}
spec: {mtls: {mode: STRICT}}
"""


def shop(*parts: str) -> Mesh:
    """The shop with additional objects."""
    return meshcompile.load("---\n".join([SHOP, *map(dedent, parts)]))


def meshes() -> list[Mesh]:
    """The shop with policies of the catalog, in all combinations."""
    deny = policy("DENY", REFUSED).replace("name: rules", "name: deny")
    others: list[list[str]] = [[], [deny], [STRICT], [deny, STRICT]]
    return [shop(*allow, *other) for other in others for allow in ([], *([policy("ALLOW", each)] for each in RULES))]


@pytest.mark.parametrize("mesh", meshes())
def test_rows_are_what_the_proxy_lets_through(mesh: Mesh) -> None:
    """Each witness arrives, and a sampled request is in some row if and only if the proxy lets it through."""
    found = mesh.reach("catalog.shop", sender="anyone")
    assert found.unknown == ()
    for row in found.rows:
        assert row.witness is not None, row
        if row.witness.get("from"):
            trace = mesh.explain(Request.from_dict(row.witness))
            assert any(each.answered_by == "catalog.shop" for each in trace.outcomes)
    chance = random.Random(7)
    for _ in range(40):
        request = sampled(chance)
        assert is_let_through(mesh, request) == is_in_some_row(found, request, address(mesh)), request


def sampled(chance: random.Random) -> ConcreteRequest:
    """A request near the conditions of the policies."""
    identity = chance.choice([f"spiffe://{WEB}", "spiffe://cluster.local/ns/other/sa/x", None])
    return ConcreteRequest(
        method=chance.choice(["GET", "PUT"]),
        path=chance.choice(["/a", "/a/b", "/a/bc", "/az", "/z", "/"]),
        authority=chance.choice(["catalog.shop", "else"]),
        headers=chance.choice([(), (("x-a", "b"),), (("x-a", "cd"),), (("x-a", "d"),)]),
        port=3000,
        sni="outbound_.80_._.catalog.shop.svc.cluster.local" if identity is not None else "",
        principal=identity,
    )


def address(mesh: Mesh) -> str:
    return mesh.proxy("deployment/catalog.shop").ip_addresses[0]


def is_in_some_row(found: Reach, request: ConcreteRequest, server: str) -> bool:
    from meshcompile.symbolic.addresses import number

    data = {**dimensions_of(request), "destination": number(server), "protocol": None}
    data |= {
        name: "istio" if request.principal is not None else None
        for row in found.rows
        for cube in row.space.cubes
        for name, _ in cube.conditions
        if name.startswith("first:")
    }
    return any(row.space.accepts(data) for row in found.rows)


def is_let_through(mesh: Mesh, request: ConcreteRequest) -> bool:
    """Whether the proxy of the catalog forwards a request."""
    from meshcompile.simulate import ProxyEvaluator

    proxy = mesh.proxy("deployment/catalog.shop")
    hello = None
    if request.principal is not None:
        certificate = PeerCertificate(uris=(request.principal,))
        hello = ClientHello(sni=request.sni, alpn=("istio", "istio-http/1.1"), certificate=certificate)
    connection = DownstreamConnection(
        destination=address(mesh), port=3000, source="10.0.0.77", capture=Capture.INBOUND, tls=hello
    )
    sent = HttpRequest(method=request.method, path=request.path, authority=request.authority, headers=request.headers)
    outcomes = ProxyEvaluator(mesh.compile(proxy)).outcomes(connection, sent)
    return any(isinstance(each.ending, ForwardedRequest | ForwardedBytes) for each in outcomes)


def test_gateways_are_rows_of_their_own() -> None:
    """A route of a gateway is a row with its host, and its witness arrives."""
    mesh = shop(GATEWAY_POD, gateway(80, "['*']"))
    (row,) = mesh.reach("catalog.shop:80", sender="outside").rows
    assert (row.via, str(row.any_of[0][0])) == ("pod/ingress-0.istio-system", "host *.example.com")
    assert row.witness is not None
    assert mesh.explain(Request.from_dict(row.witness)).outcomes[0].answered_by == "catalog.shop"


def at_the_gateway(action: str, rules: str) -> str:
    """A policy of the gateway."""
    return f"""
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {{name: front-{action.lower()}, namespace: istio-system}}
        spec:
          selector: {{matchLabels: {{istio: ingressgateway}}}}
          action: {action}
          rules: {rules}
        """


def test_policies_of_gateways_and_servers_are_in_the_rows() -> None:
    """A row for each rule of the gateway has its conditions, those of the server, and the exceptions of both."""
    wanted = "[{to: [{operation: {paths: ['/a*'], methods: [GET]}}]}, {to: [{operation: {paths: [/b]}}]}]"
    served = "[{from: [{source: {namespaces: [istio-system]}}], to: [{operation: {notPaths: [/b]}}]}]"
    mesh = shop(
        *(GATEWAY_POD, gateway(80, "['*']"), policy("ALLOW", served)),
        *(at_the_gateway("ALLOW", wanted), at_the_gateway("DENY", "[{to: [{operation: {paths: ['/a/x*']}}]}]")),
    )
    (row,) = mesh.reach("catalog.shop:80", sender="outside").rows
    assert row.policies == ("ns[istio-system]-policy[front-allow]-rule[0]", "ns[shop]-policy[rules]-rule[0]")
    assert [*map(str, row.any_of[0])] == ["host *.example.com", "method GET", "path /a*", "path not /b"]
    assert [str(each.any_of[0][0]) for each in row.unless] == ["path /a/x*"]
    assert [place.field for place in row.places[:2]] == ["spec.rules[0]"] * 2
    for path, taken in (("/a", True), ("/a/x", False), ("/b", False), ("/c", False)):
        sent = Request(url=f"http://a.example.com{path}", to="pod/ingress-0.istio-system")
        arrives = mesh.explain(sent).outcomes[0].answered_by == "catalog.shop"
        data = {**dimensions_of(ConcreteRequest(path=path, authority="a.example.com")), "connect": False}
        assert (arrives, row.space.accepts(data)) == (taken, taken), path


def test_what_a_route_rewrites_is_asked_after_the_gateway() -> None:
    """A path that the server asks for is another one than clients send if the route rewrites it."""
    rewriting = gateway(80, "['*']").replace("[{route:", "[{rewrite: {uri: /a}, route:")
    mesh = shop(GATEWAY_POD, rewriting, policy("ALLOW", "[{to: [{operation: {paths: ['/a*']}}]}]"))
    (row,) = mesh.reach("catalog.shop:80", sender="outside").rows
    assert "path after the gateway /a*" in [*map(str, row.any_of[0])]


def test_policies_of_waypoints_are_rows() -> None:
    """A workload of the ambient mesh has a row for each rule of its waypoint, with the clients that it lets through."""
    mesh = meshcompile.load(AMBIENT, ambient=True)
    found = mesh.reach("catalog.shop")
    (row,) = found.rows
    assert (row.via, row.callers) == ("deployment/waypoint.shop", ("deployment/web.shop",))
    assert [*map(str, row.any_of[0])] == ["method GET", "principal cluster.local/ns/shop/sa/web"]
    assert row.witness is not None
    assert mesh.explain(Request.from_dict(row.witness)).outcomes[0].answered_by == "catalog.shop"
    assert "which direct connections its ztunnel takes" in found.unknown[0]
    assert mesh.reach("reviews.shop").rows[0].policies == ()
    assert [each.callers for each in mesh.reach("catalog.shop", sender="deployment/web.shop").rows] == [row.callers]
    assert mesh.reach("catalog.shop", sender="deployment/reviews.shop").rows == ()


def test_headers_of_routes_are_in_the_witness() -> None:
    """A route that asks for a header and a parameter has a witness with both."""
    asks = "[{match: [{headers: {x-a: {exact: b}}, queryParams: {q: {exact: c}}}], route:"
    mesh = shop(GATEWAY_POD, gateway(80, "['*']").replace("[{route:", asks))
    (row,) = mesh.reach("catalog.shop:80", sender="outside").rows
    assert row.witness is not None
    assert row.witness["headers"] == {"x-a": "b"}
    assert row.witness["url"].endswith("?q=c")


def test_callers_are_known_workloads_with_an_accepted_identity() -> None:
    """A row names the workloads whose identity its rule accepts."""
    mesh = shop(policy("ALLOW", RULES[0]), STRICT)
    (row,) = mesh.reach("catalog.shop", sender="anyone").rows
    assert (row.callers, row.connections) == (("deployment/web.shop",), ("TLS",))
    assert mesh.reach("catalog.shop", sender="deployment/catalog.shop").rows == ()


def test_nothing_is_claimed_about_unknown_workloads() -> None:
    """A service without known workloads, and a gateway without one, are named as unknown."""
    assert "selects no known workload" in shop(gateway(80, "['*']")).reach("catalog.shop").unknown[0]
    nobody = """
        apiVersion: v1
        kind: Service
        metadata: {name: nobody, namespace: shop}
        spec: {clusterIP: 10.96.0.99, selector: {app: nobody}, ports: [{name: http, port: 1}]}
        """
    assert shop(nobody).reach("nobody.shop").unknown == ("no workload of nobody.shop.svc.cluster.local is known",)


def test_the_data_follow_the_schema(tmp_path: Path) -> None:
    """The JSON data of rows with exceptions and with gateways follow the schema."""
    deny = policy("DENY", REFUSED).replace("name: rules", "name: deny")
    mesh = shop(policy("ALLOW", RULES[1]), deny, GATEWAY_POD, gateway(80, "['*']"))
    data = mesh.reach("catalog.shop").to_dict()
    jsonschema.validate(json.loads(json.dumps(data)), reach_schema())
    assert [each["rule"] for row in data["rows"] for each in row["unless"]]
