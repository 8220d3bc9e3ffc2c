"""The evaluator of Envoy's configuration, on small meshes. The real Envoy judges it in tests/envoy."""

from __future__ import annotations

from fractions import Fraction

import pytest

import meshcompile
from meshcompile.simulate import (
    Capture,
    ClientHello,
    ClosedConnection,
    DownstreamConnection,
    ForwardedBytes,
    ForwardedRequest,
    HttpRequest,
    LocalReply,
    PeerCertificate,
    ProxyEvaluator,
    ProxyOutcome,
    TokenState,
    upstream_connection,
    upstream_request,
)
from tests.meshes import SHOP, gateway, mesh, sidecar
from tests.unit import test_hbone as tunnelled

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


SERVER = """
apiVersion: v1
kind: Service
metadata: {name: orders, namespace: shop}
spec: {clusterIP: 10.0.0.7, selector: {app: orders}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: orders, namespace: shop, labels: {app: orders, security.istio.io/tlsMode: istio}}
spec: {containers: [{name: orders}, {name: istio-proxy}]}
status: {podIP: 10.1.0.7, phase: Running, conditions: [{type: Ready, status: 'True'}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: orders, namespace: shop, labels: {kubernetes.io/service-name: orders}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.1.0.7], targetRef: {kind: Pod, name: orders, namespace: shop}}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: readers, namespace: shop}
spec:
  rules:
  - from: [{source: {principals: [cluster.local/ns/shop/sa/reader]}}]
    to: [{operation: {methods: [GET]}}]
"""
STRICT = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
"""


def arriving(account: str | None, method: str = "GET") -> ProxyOutcome:
    """The outcome at the sidecar of orders for a request that the client's sidecar forwards."""
    made = mesh(SERVER, STRICT)
    connection = DownstreamConnection(destination="10.0.0.7", port=80, capture=Capture.OUTBOUND)
    request = HttpRequest(authority="orders", path="/", method=method)
    (sent,) = ProxyEvaluator(made.compile(sidecar())).outcomes(connection, request)
    assert isinstance(sent.ending, ForwardedRequest)
    uri = f"spiffe://cluster.local/ns/shop/sa/{account}"
    hop = upstream_connection(
        sent,
        sent.ending.cluster.endpoints[0],
        source="10.1.0.1",
        downstream=connection,
        certificate=None if account is None else PeerCertificate(uris=(uri,)),
    )
    assert hop.tls is not None
    assert hop.tls.alpn == ("istio-http/1.1", "istio", "http/1.1")
    (outcome,) = ProxyEvaluator(made.compile("orders.shop")).outcomes(hop, upstream_request(sent.ending, request))
    return outcome


def test_the_next_hop_knows_the_principal() -> None:
    """The server's proxy gets the client's certificate in the handshake, and its policies ask for it."""
    assert arriving("reader").cluster == "inbound|8080||"
    denied = arriving("thief")
    assert denied.status == 403
    (step,) = (step for step in denied.steps if step.what == "RBAC")
    assert [failed.subject for miss in step.near_misses for failed in miss.failed] == ["principal"]
    assert [failed.subject for miss in arriving("reader", "POST").steps[-1].near_misses for failed in miss.failed] == [
        "header :method"
    ]


def test_the_next_hop_refuses_clients_without_a_certificate() -> None:
    """With STRICT, a client without a certificate fails in the handshake."""
    outcome = arriving(None)
    assert isinstance(outcome.ending, ClosedConnection)
    assert "certificate" in outcome.ending.reason


def test_unknown_filters_are_reported() -> None:
    """What follows a filter without an evaluator depends on it."""
    lua = """
    apiVersion: networking.istio.io/v1alpha3
    kind: EnvoyFilter
    metadata: {name: lua, namespace: istio-system}
    spec:
      configPatches:
      - applyTo: HTTP_FILTER
        match: {listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager}}}}
        patch:
          operation: INSERT_FIRST
          value:
            name: own.lua
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
              default_source_code: {inline_string: "function envoy_on_request(handle) end"}
    """
    (outcome,) = asked(ProxyEvaluator(mesh(SHOP, lua).compile(sidecar())), "/")
    assert outcome.depends_on == ("the HTTP filter own.lua (Lua)",)


def test_tokens_that_nobody_knows() -> None:
    """A token of which nothing is known gives an outcome for each thing that can be true of it."""
    rules = """
    apiVersion: security.istio.io/v1
    kind: RequestAuthentication
    metadata: {name: tokens, namespace: shop}
    spec: {jwtRules: [{issuer: login.example, jwks: '%s'}]}
    """
    key = '{"keys": [{"kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "1"}]}'
    evaluator = ProxyEvaluator(mesh(SERVER, rules % key).compile("orders.shop"))
    connection = DownstreamConnection(destination="10.1.0.7", port=8080, capture=Capture.INBOUND)
    token = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJsb2dpbi5leGFtcGxlIiwiZXhwIjoxfQ.c2ln"
    headers = (("authorization", f"Bearer {token}"),)
    states = [outcome.depends_on[0] for outcome in evaluator.outcomes(connection, HttpRequest(headers=headers))]
    assert states == [f"the token in the header authorization {state.value}" for state in TokenState]
    request = HttpRequest(headers=headers, tokens={token: TokenState.UNSIGNED})
    (outcome,) = evaluator.outcomes(connection, request)
    assert (outcome.status, outcome.depends_on) == (401, ())


def test_hosts_that_look_alike() -> None:
    """A host without a virtual host is shown the domains that look like it."""
    rules = """
    apiVersion: networking.istio.io/v1
    kind: Gateway
    metadata: {name: front, namespace: istio-system}
    spec:
      selector: {istio: ingressgateway}
      servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]
    ---
    apiVersion: networking.istio.io/v1
    kind: VirtualService
    metadata: {name: shop, namespace: istio-system}
    spec:
      hosts: [shop.example.com]
      gateways: [front]
      http: [{route: [{destination: {host: web.shop.svc.cluster.local, port: {number: 80}}}]}]
    """
    evaluator = ProxyEvaluator(mesh(SHOP, rules).compile(gateway()))
    connection = DownstreamConnection(destination="10.0.0.1", port=80)
    (outcome,) = evaluator.outcomes(connection, HttpRequest(authority="shops.example.com"))
    assert (outcome.status, outcome.flags) == (404, ("NR",))
    (step,) = (step for step in outcome.steps if step.what == "virtual host")
    assert [failed.wanted for miss in step.near_misses for failed in miss.failed] == ["`shop.example.com`"]


def test_tunnels_of_hbone() -> None:
    """An internal address leads to the listener of the same proxy that starts the tunnel to the Pod."""
    made = meshcompile.load(tunnelled.service() + "---" + tunnelled.pod(annotations=tunnelled.REDIRECTED), ambient=True)
    evaluator = ProxyEvaluator(made.compile(sidecar(ENABLE_HBONE="true")))
    connection = DownstreamConnection(destination="10.0.0.9", port=80, capture=Capture.OUTBOUND)
    (sent,) = evaluator.outcomes(connection, HttpRequest(authority="api"))
    assert isinstance(sent.ending, ForwardedRequest)
    endpoint = sent.ending.cluster.endpoints[0]
    hop = upstream_connection(sent, endpoint, source="10.1.0.1", downstream=connection)
    (tunnel,) = evaluator.outcomes(hop)
    assert isinstance(tunnel.ending, ForwardedBytes)
    (pod,) = tunnel.ending.cluster.endpoints
    assert (tunnel.cluster, pod.address) == ("connect_originate", "10.2.0.1:15008")


def test_passthrough_between_networks() -> None:
    """At an AUTO_PASSTHROUGH server, the server name of the client names the cluster."""
    rules = """
    apiVersion: networking.istio.io/v1
    kind: Gateway
    metadata: {name: east-west, namespace: istio-system}
    spec:
      selector: {istio: ingressgateway}
      servers:
      - {port: {number: 15443, name: tls, protocol: TLS}, tls: {mode: AUTO_PASSTHROUGH}, hosts: ['*.local']}
    """
    evaluator = ProxyEvaluator(mesh(SERVER, rules).compile(gateway()))
    hello = ClientHello(sni="outbound_.80_._.orders.shop.svc.cluster.local", alpn=("istio",))
    (outcome,) = evaluator.outcomes(DownstreamConnection(destination="10.0.0.1", port=15443, tls=hello))
    assert isinstance(outcome.ending, ForwardedBytes)
    assert outcome.cluster == "outbound_.80_._.orders.shop.svc.cluster.local"


REDIRECTING = """
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: redirecting, namespace: shop}
spec:
  configPatches:
  - applyTo: VIRTUAL_HOST
    match: {context: SIDECAR_OUTBOUND}
    patch: {operation: MERGE, value: {require_tls: EXTERNAL_ONLY}}
  - applyTo: NETWORK_FILTER
    match:
      context: SIDECAR_OUTBOUND
      listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager}}}
    patch:
      operation: MERGE
      value:
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          path_with_escaped_slashes_action: UNESCAPE_AND_REDIRECT
"""


def test_an_early_reply_sees_the_request_as_it_is_sent() -> None:
    """The header about internal clients counts for a reply before the manager removes it, and not after."""
    patched = ProxyEvaluator(mesh(SHOP, RULES, REDIRECTING).compile(sidecar()))
    headers = (("x-envoy-internal", "true"), ("x-forwarded-proto", "http"))
    (early,) = asked(patched, "/new/a%2Fb", headers=headers)
    assert isinstance(early.ending, LocalReply)
    assert early.ending.status == 307
    assert early.route is not None
    assert not early.route.redirects_to_https
    (late,) = asked(patched, "/new/a", headers=headers)
    assert late.route is not None
    assert late.route.redirects_to_https
