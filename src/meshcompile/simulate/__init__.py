"""Evaluates Envoy's configuration for one connection or request, as Envoy 1.38.3 does. See `ProxyEvaluator`.

    evaluator = ProxyEvaluator(mesh.compile("web.shop"))  # anything with listeners, routes, clusters, ...
    connection = DownstreamConnection(destination="10.0.0.1", port=80, capture=Capture.OUTBOUND)
    request = HttpRequest(authority="catalog", path="/items?page=2", headers=(("x-user", "jason"),))
    (outcome,) = evaluator.outcomes(connection, request)
    outcome.steps   # listener, filter chain, virtual host, route, cluster: name, pointer, near misses
    outcome.ending  # LocalReply(404, "route_not_found"), ForwardedRequest, ForwardedBytes, ClosedConnection
    outcome.flags   # ("NR",)

It reads the messages of `meshcompile.envoy` and nothing else, so patches of EnvoyFilters count. Pointers are JSON
pointers into `Config.to_dict()`: look them up in `Config.source_map()`.

**The next hop.** `upstream_connection` and `upstream_request` give what the server of a forwarded request sees:
evaluate them with the server's proxy.

**Chance.** Weighted clusters, faults and runtime fractions give one outcome each, with its share. A `random_value` in
the request decides between routes and clusters, as Envoy does. Endpoints have shares of their own in the chosen
cluster.

**The outside.** What an outcome assumes is in `depends_on`: the answer of an external authorizer, or a filter that is
not evaluated. Such a filter is assumed to let the request pass.

Each module is one concept of Envoy: `listener`, `listener_filters`, `filter_chain_match`, `downstream_tls`,
`network_filters`, `http_connection_manager`, `path`, `virtual_host`, `route_table`, `route_match`, `weighted`,
`router`, `rewrite`, `header_mutation`, `route_policies`, `cluster`, `endpoints`, `transport_socket`, and a module for
each filter.
"""

from meshcompile.simulate.evaluator import ProxyEvaluator
from meshcompile.simulate.next_hop import upstream_connection, upstream_request
from meshcompile.simulate.outcomes import (
    ClosedConnection,
    ForwardedBytes,
    ForwardedRequest,
    LocalReply,
    ProxyOutcome,
    Step,
)
from meshcompile.simulate.requests import (
    Capture,
    ClientHello,
    DownstreamConnection,
    HttpRequest,
    PeerCertificate,
    Spoken,
    TokenState,
)
from meshcompile.simulate.streams import FailedCheck, NearMiss

__all__ = [
    "Capture",
    "ClientHello",
    "ClosedConnection",
    "DownstreamConnection",
    "FailedCheck",
    "ForwardedBytes",
    "ForwardedRequest",
    "HttpRequest",
    "LocalReply",
    "NearMiss",
    "PeerCertificate",
    "ProxyEvaluator",
    "ProxyOutcome",
    "Spoken",
    "Step",
    "TokenState",
    "upstream_connection",
    "upstream_request",
]
