"""Where a listener inspects the first bytes of connections before it chooses a filter chain.

Follows istiod's `populateListenerFilters`.
"""

from collections.abc import Iterable

from msgspec import Struct

from meshcompile.resolve.listeners.filter_chain import FilterChain
from meshcompile.resolve.listeners.tcp_connection import TcpConnection
from meshcompile.resolve.listeners.traffic import Traffic

_HTTP = (Traffic.PLAIN_HTTP, Traffic.TUNNELLED_HTTP, Traffic.RECOGNIZED_HTTP)


class Inspector(Struct, frozen=True):
    """A listener filter that inspects connections to every port except these; with `only`, to these ports alone."""

    ports: frozenset[int] = frozenset()
    only: bool = False


EVERYWHERE = Inspector()


class Inspection(Struct, frozen=True):
    """The inspectors of a listener: for SNI and ALPN (`tls`), and for HTTP in plain text (`http`)."""

    tls: Inspector | None = None
    http: Inspector | None = None


NO_INSPECTION = Inspection()


def outbound_inspection(chains: Iterable[FilterChain]) -> Inspection:
    """The inspectors that the chains of an outbound listener need."""
    all_chains = tuple(chains)
    return Inspection(
        tls=EVERYWHERE if any(map(_needs_server_name, all_chains)) else None,
        http=EVERYWHERE if any(map(_recognizes_http, all_chains)) else None,
    )


def inbound_inspection(chains: Iterable[FilterChain]) -> Inspection:
    """The inspectors that each port needs. Chains for any port apply to ports that have no chains: port 0."""
    ports: dict[int, list[FilterChain]] = {}
    for chain in chains:
        ports.setdefault(_port(chain), []).append(chain)
    tls = frozenset(port for port, group in ports.items() if any(map(_is_tls, group)))
    http = frozenset(port for port, group in ports.items() if any(map(_recognizes_http, group)))
    rest = frozenset(ports)
    return Inspection(
        tls=(Inspector(rest - tls) if 0 in tls else Inspector(tls, only=True)) if tls else None,
        http=Inspector(rest - http) if http else None,
    )


def _port(chain: FilterChain) -> int:
    return 0 if chain.match is None else chain.match.destination_port or 0


def _needs_server_name(chain: FilterChain) -> bool:
    """True when a chain matches server names, "*" included, or resolves the server name."""
    looks_up = isinstance(chain.connection, TcpConnection) and bool(chain.connection.dynamic_host)
    return looks_up or (chain.match is not None and bool(chain.match.server_names))


def _is_tls(chain: FilterChain) -> bool:
    return chain.match is not None and chain.match.traffic.is_tls


def _recognizes_http(chain: FilterChain) -> bool:
    return chain.match is not None and chain.match.traffic in _HTTP
