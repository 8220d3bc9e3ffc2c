"""A sidecar's listeners. Follows istiod's `buildListenerFromEntry`, `buildInboundListener` and their virtual kin."""

from collections.abc import Iterable

from meshcompile.emit.access_log import listener_access_logs
from meshcompile.emit.address import additional_addresses, address
from meshcompile.emit.filter_chain import filter_chain
from meshcompile.emit.filters.listener.inspectors import (
    ORIGINAL_DESTINATION,
    ORIGINAL_SOURCE,
    except_on_ports,
    http_inspector,
    on_ports,
    tls_inspector,
)
from meshcompile.emit.listeners.balance import EXACT_BALANCE
from meshcompile.envoy.config.listener import FilterChain as FilterChainMessage
from meshcompile.envoy.config.listener import (
    FilterChainMatch,
    ListenerFilter,
)
from meshcompile.envoy.config.listener import Listener as Message
from meshcompile.envoy.message import at
from meshcompile.queries import derived
from meshcompile.resolve.filter_chain import FilterChain
from meshcompile.resolve.listeners import Listener
from meshcompile.resolve.tcp_connection import TcpConnection

_INSPECTED_ALPN = frozenset({"http/1.1", "h2c"})


@derived
def listener(piece: Listener) -> Message:
    """The listener of a piece."""
    if piece.inbound:
        return at(_inbound(piece), piece.origins)
    return at(_virtual_outbound(piece) if piece.virtual else _outbound(piece), piece.origins)


def _outbound(piece: Listener) -> Message:
    sniffs_http = any(chain.match is not None and chain.match.application_protocols for chain in piece.chains)
    return Message(
        name=piece.name,
        address=address(piece.binds[0], piece.port),
        additional_addresses=additional_addresses(piece.binds[1:], piece.port),
        traffic_direction="OUTBOUND",
        continue_on_listener_filters_timeout=True,
        connection_balance_config=EXACT_BALANCE if piece.exact_balance else None,
        max_connections_to_accept_per_socket_event=1 if piece.bind_to_port else None,
        bind_to_port=None if piece.bind_to_port else False,
        listener_filters=_outbound_filters(piece, sniffs_http),
        listener_filters_timeout=_detection_timeout(piece) if sniffs_http else "0s",
        filter_chains=tuple(filter_chain(chain) for chain in piece.chains),
        default_filter_chain=None if piece.default is None else _default_chain(piece.default),
    )


def _detection_timeout(piece: Listener) -> str | None:
    return None if piece.detection_timeout is None else piece.detection_timeout.json


def _default_chain(chain: FilterChain) -> FilterChainMessage:
    message = filter_chain(chain)
    return _for_the_rest(message) if chain.match is None else message


def _for_the_rest(chain: FilterChainMessage) -> FilterChainMessage:
    """The chain for what the services of the listener do not take; istiod gives it an empty match."""
    return FilterChainMessage(name=chain.name, filter_chain_match=FilterChainMatch(), filters=chain.filters)


def _outbound_filters(piece: Listener, sniffs_http: bool) -> tuple[ListenerFilter, ...]:
    chains = piece.chains if piece.default is None else (*piece.chains, piece.default)
    needs_names = any(_needs_server_name(chain) for chain in chains)
    return ((tls_inspector(),) if needs_names else ()) + ((http_inspector(),) if sniffs_http else ())


def _needs_server_name(chain: FilterChain) -> bool:
    """True when a chain matches server names (even if one of them is "*") or looks the name up."""
    looks_up = isinstance(chain.connection, TcpConnection) and bool(chain.connection.dynamic_host)
    return looks_up or (chain.match is not None and bool(chain.match.server_names))


def _virtual_outbound(piece: Listener) -> Message:
    return Message(
        name=piece.name,
        address=address(piece.binds[0], piece.port),
        transparent=True if piece.transparent else None,
        use_original_dst=True,
        filter_chains=tuple(filter_chain(chain) for chain in piece.chains),
        traffic_direction="OUTBOUND",
        max_connections_to_accept_per_socket_event=1,
        access_log=() if piece.telemetry is None else listener_access_logs(piece.telemetry),
    )


def _inbound(piece: Listener) -> Message:
    return Message(
        name=piece.name,
        address=address(piece.binds[0], piece.port),
        traffic_direction="INBOUND",
        continue_on_listener_filters_timeout=True,
        max_connections_to_accept_per_socket_event=1,
        connection_balance_config=EXACT_BALANCE if piece.exact_balance else None,
        transparent=True if piece.transparent else None,
        access_log=() if piece.telemetry is None else listener_access_logs(piece.telemetry),
        filter_chains=tuple(filter_chain(chain) for chain in piece.chains),
        listener_filters=_inbound_filters(piece),
        listener_filters_timeout=_detection_timeout(piece),
    )


def _inbound_filters(piece: Listener) -> tuple[ListenerFilter, ...]:
    ports = {port: tuple(chains) for port, chains in _by_port(piece.chains).items()}
    tls = frozenset(port for port, chains in ports.items() if any(_is_tls(chain) for chain in chains))
    http = frozenset(port for port, chains in ports.items() if any(_sniffs_http(chain) for chain in chains))
    original_source = (ORIGINAL_SOURCE,) if piece.transparent else ()
    return (
        *((ORIGINAL_DESTINATION, *original_source) if piece.virtual else ()),
        *_tls_inspectors(tls, ports.keys() - tls),
        *_http_inspectors(http, ports.keys() - http),
    )


def _tls_inspectors(wanted: frozenset[int], unwanted: Iterable[int]) -> tuple[ListenerFilter, ...]:
    """The TLS inspector, if a port wants it: everywhere but on some ports if the rest (port 0) wants it."""
    if not wanted:
        return ()
    return (tls_inspector(on_ports(unwanted) if 0 in wanted else except_on_ports(wanted)),)


def _http_inspectors(wanted: frozenset[int], unwanted: Iterable[int]) -> tuple[ListenerFilter, ...]:
    """The HTTP inspector, if a port wants it: everywhere but on the ports that do not."""
    return (http_inspector(on_ports(unwanted)),) if wanted else ()


def _by_port(chains: Iterable[FilterChain]) -> dict[int, list[FilterChain]]:
    ports: dict[int, list[FilterChain]] = {}
    for chain in chains:
        ports.setdefault(0 if chain.match is None else chain.match.destination_port, []).append(chain)
    return ports


def _is_tls(chain: FilterChain) -> bool:
    return chain.match is not None and chain.match.transport_protocol == "tls"


def _sniffs_http(chain: FilterChain) -> bool:
    return chain.match is not None and not _INSPECTED_ALPN.isdisjoint(chain.match.application_protocols)
