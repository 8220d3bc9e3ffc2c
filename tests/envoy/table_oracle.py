"""Many route tables in one Envoy, which answers each request with the route that it takes.

Each table has a listener. Its routes keep their matches, and say their places in a header of their response: `3/0` for
the first route of the fourth virtual host.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.envoy.message import to_builtins
from meshcompile.simulate import HttpRequest
from tests.envoy.connections import Reply
from tests.envoy.exchanges import exchanged
from tests.envoy.runner import running

Json = dict[str, Any]
TYPE = "type.googleapis.com/envoy.extensions.filters"
PLACE = "x-place"
UNROUTED = "404"
"""What is said of a request that no route takes."""


class TableOracle:
    """A running Envoy with some tables."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports

    def choices(self, table: int, requests: Sequence[HttpRequest]) -> list[str]:
        """What a table does with each request: the place of its route, or the status of another reply; else ""."""
        connect = partial(_connected, self._ports[table])
        return [_choice(reply) for reply in exchanged(connect, requests)]


def _connected(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _choice(reply: Reply | None) -> str:
    if reply is None:
        return ""
    return reply.header(PLACE) or (UNROUTED if reply.status == 200 else str(reply.status))  # 404 is 200 in gRPC


@contextmanager
def table_oracle(tables: Sequence[RouteConfiguration]) -> Iterator[TableOracle]:
    """An Envoy with these tables."""
    listeners = [_listener(str(index), _telling(to_builtins(each))) for index, each in enumerate(tables)]
    with running({"node": {"id": "oracle", "cluster": "oracle"}, "staticResources": {"listeners": listeners}}) as envoy:
        ports = envoy.listener_ports()
        yield TableOracle([ports[str(index)] for index in range(len(tables))])


def _telling(table: Json) -> Json:
    """The table with routes that say their places."""
    hosts = [
        {**_kept(host, ("name", "domains")), "routes": [_route(r, f"{at}/{i}") for i, r in enumerate(host["routes"])]}
        for at, host in enumerate(table.get("virtualHosts", ()))
        if host.get("routes")
    ]
    return {**_kept(table, ("name", "ignorePortInHostMatching")), "virtualHosts": hosts}


def _kept(message: Json, names: Sequence[str]) -> Json:
    return {name: message[name] for name in names if name in message}


def _route(route: Json, place: str) -> Json:
    told = {"header": {"key": PLACE, "value": place}}
    return {"match": route["match"], "directResponse": {"status": 200}, "responseHeadersToAdd": [told]}


def _listener(name: str, table: Json) -> Json:
    manager = {
        "@type": f"{TYPE}.network.http_connection_manager.v3.HttpConnectionManager",
        "statPrefix": "http",
        "normalizePath": True,
        "routeConfig": table,
        "httpFilters": [{"name": "router", "typedConfig": {"@type": f"{TYPE}.http.router.v3.Router"}}],
        "delayedCloseTimeout": "0.01s",
    }
    return {
        "name": name,
        "address": {"socketAddress": {"address": "127.0.0.1", "portValue": 0}},
        "filterChains": [{"filters": [{"name": "http", "typedConfig": manager}]}],
    }
