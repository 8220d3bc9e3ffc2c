"""The evaluator of Envoy's configuration, on small meshes. The real Envoy judges it in tests/envoy."""

from __future__ import annotations

from fractions import Fraction

import pytest

from meshcompile.simulate import (
    Capture,
    ClientHello,
    ClosedConnection,
    DownstreamConnection,
    ForwardedRequest,
    HttpRequest,
    LocalReply,
    ProxyEvaluator,
    ProxyOutcome,
)
from tests.meshes import SHOP, mesh, sidecar

RULES = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: catalog, namespace: shop}
spec:
  hosts: [catalog]
  http:
  - match:
    - uri: {prefix: /items}
      headers: {x-dark-launch: {exact: v2}}
    route: [{destination: {host: web, port: {number: 8080}}}]
  - match: [{uri: {exact: /split}}]
    route:
    - {destination: {host: catalog}, weight: 75}
    - {destination: {host: web}, weight: 25}
  - match: [{uri: {prefix: /fault}}]
    fault: {abort: {httpStatus: 418, percentage: {value: 10}}}
    route: [{destination: {host: catalog}}]
  - match: [{uri: {prefix: /old}}]
    redirect: {uri: /new, authority: other.example}
"""


@pytest.fixture(scope="module")
def client() -> ProxyEvaluator:
    """The sidecar of a client in the namespace shop."""
    return ProxyEvaluator(mesh(SHOP, RULES).compile(sidecar()))


def asked(client: ProxyEvaluator, path: str, authority: str = "catalog", **more: object) -> tuple[ProxyOutcome, ...]:
    connection = DownstreamConnection(destination="10.0.0.2", port=80, capture=Capture.OUTBOUND)
    return client.outcomes(connection, HttpRequest(path=path, authority=authority, **more))  # type: ignore[arg-type]


def test_a_request_without_a_route_names_the_conditions_that_failed(client: ProxyEvaluator) -> None:
    """A request that no route takes is answered with 404, and each route of the virtual host says what it wants."""
    (outcome,) = asked(client, "/items/1")
    assert (outcome.status, outcome.flags) == (404, ("NR",))
    (step,) = (step for step in outcome.steps if step.what == "route")
    first = step.near_misses[0]
    assert [str(failed) for failed in first.failed] == ["header x-dark-launch is absent, exact `v2` is wanted"]
    assert first.failed[0].pointer.endswith("/routes/0/match/headers/0")


def test_shares_of_weighted_clusters(client: ProxyEvaluator) -> None:
    """Each weighted cluster is an outcome with its share, and a random value decides between them."""
    shares = {outcome.cluster.split("|")[3]: outcome.share for outcome in asked(client, "/split")}
    assert shares == {"catalog.shop.svc.cluster.local": Fraction(3, 4), "web.shop.svc.cluster.local": Fraction(1, 4)}
    (drawn,) = asked(client, "/split", random_value=175)
    assert drawn.cluster == "outbound|80||web.shop.svc.cluster.local"


def test_faults_by_chance(client: ProxyEvaluator) -> None:
    """A fault for a tenth of the requests gives two outcomes."""
    aborted, passed = asked(client, "/fault/1")
    assert (aborted.status, aborted.flags, aborted.share) == (418, ("FI",), Fraction(1, 10))
    assert (passed.status, passed.flags, passed.share) == (503, ("UH",), Fraction(9, 10))


def test_redirects(client: ProxyEvaluator) -> None:
    """A redirect has the new location, with the query of the request."""
    (outcome,) = asked(client, "/old?a=b")
    assert isinstance(outcome.ending, LocalReply)
    assert (outcome.status, outcome.ending.headers.first("location")) == (301, "http://other.example/new?a=b")


def test_unknown_hosts_are_passed_through(client: ProxyEvaluator) -> None:
    """A host that the mesh does not know goes to its original destination."""
    (outcome,) = asked(client, "/", authority="nobody.example")
    assert isinstance(outcome.ending, ForwardedRequest)
    assert [endpoint.address for endpoint in outcome.ending.cluster.endpoints] == ["10.0.0.2:80"]


def test_tls_to_an_http_port(client: ProxyEvaluator) -> None:
    """TLS to a port that is declared as HTTP goes to its original destination as it is."""
    hello = ClientHello(sni="catalog")
    connection = DownstreamConnection(destination="10.0.0.2", port=80, capture=Capture.OUTBOUND, tls=hello)
    (outcome,) = client.outcomes(connection)
    assert outcome.cluster == "PassthroughCluster"


def test_nothing_listens(client: ProxyEvaluator) -> None:
    """A connection to an address without a listener is closed."""
    (outcome,) = client.outcomes(DownstreamConnection(destination="10.1.0.1", port=9999))
    assert isinstance(outcome.ending, ClosedConnection)


def test_pointers_are_those_of_the_source_map() -> None:
    """The place of a step is found in the source map of the configuration."""
    config = mesh(SHOP, RULES).compile(sidecar())
    (outcome,) = asked(ProxyEvaluator(config), "/old")
    places = config.source_map()
    (step,) = (step for step in outcome.steps if step.what == "route")
    assert (
        places[step.pointer][0].line
        == RULES.split("\n").index("  - match: [{uri: {prefix: /old}}]") + SHOP.count("\n") + 3
    )
