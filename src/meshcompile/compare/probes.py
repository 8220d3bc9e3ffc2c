"""Requests that show what a change of a proxy's configuration does.

A probe is a request, and a description of the requests that it stands for. The difference of two route tables is a set
of requests, and its probe is a witness of it. Where a listener, a filter or a cluster changed, the probes are requests
that meet what changed.
"""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address, ip_network

from msgspec import Struct

from meshcompile.compare.waypoints import at_chain
from meshcompile.config import Config
from meshcompile.envoy.config.core import Address, CidrRange, SocketAddress, TransportSocket
from meshcompile.envoy.config.listener import FilterChain, FilterChainMatch, Listener
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.envoy.extensions.transport_sockets.tls import DownstreamTlsContext
from meshcompile.envoy.message import Message
from meshcompile.envoy.traversal import filter_chains
from meshcompile.proxy import ProxyType
from meshcompile.simulate import Capture, ClientHello, DownstreamConnection, HttpRequest, PeerCertificate, Spoken
from meshcompile.spaces import Language
from meshcompile.symbolic.authorities import takes
from meshcompile.symbolic.paths import visible_paths_of

SOMEWHERE = "240.240.0.9"
SOMEWHERE_6 = "2001:db8::9"
"""Addresses that no listener names."""
UNDECLARED_PORT = 9
"""A port that no Service declares: discard."""


class Probe(Struct, frozen=True):
    """A request, or a connection without one, and in words the requests that it stands for.

    `was` and `now` are the messages that differ, and whose places are to blame. Probes with different `part`s are never
    the same change, although their effects are. `alternatives` are asked if the request shows no difference, and
    `differs` says that the messages treat the request differently, whether or not a request shows how.
    """

    connection: DownstreamConnection
    request: HttpRequest | None
    requests: str
    was: tuple[Message, ...] = ()
    now: tuple[Message, ...] = ()
    part: int = 0
    alternatives: tuple[HttpRequest, ...] = ()
    differs: bool = False


class PlacedChain(Struct, frozen=True):
    """A filter chain in its listener."""

    listener: Listener
    chain: FilterChain

    @property
    def manager(self) -> HttpConnectionManager | None:
        """The HTTP connection manager; None for a chain that forwards bytes."""
        found = (each.typed_config for each in self.chain.filters)
        return next((each for each in found if isinstance(each, HttpConnectionManager)), None)

    @property
    def table_name(self) -> str:
        """The route table that it discovers; "" if it has none."""
        manager = self.manager
        return manager.rds.route_config_name if manager is not None and manager.rds is not None else ""


def chains(config: Config) -> Iterator[PlacedChain]:
    """The filter chains of all listeners, the default ones included."""
    for listener in config.listeners:
        for chain in filter_chains(listener):
            yield PlacedChain(listener, chain)


def users_of_tables(config: Config) -> Mapping[str, PlacedChain]:
    """The first chain that uses a route table, by the table's name."""
    found: dict[str, PlacedChain] = {}
    for each in chains(config):
        if name := each.table_name:
            found.setdefault(name, each)
    return found


def tables(config: Config) -> Mapping[str, RouteConfiguration]:
    """The route tables of a proxy by name: those that listeners discover, and those inside of filter chains."""
    inside = {
        _inside(each): table
        for each in chains(config)
        if each.manager is not None and (table := each.manager.route_config) is not None
    }
    return {**inside, **{each.name: each for each in config.routes}}


def user_of_table(config: Config, name: str) -> PlacedChain | None:
    """The chain whose requests a table routes."""
    if name in (users := users_of_tables(config)):
        return users[name]
    return next((each for each in chains(config) if _inside(each) == name), None)


def paths_seen(configs: Iterable[Config], name: str) -> Language:
    """The paths that the routes of a table can see in some configurations."""
    found = (each for config in configs for each in chains(config) if name in (each.table_name, _inside(each)))
    return visible_paths_of(each.manager for each in found if each.manager is not None)


def _inside(each: PlacedChain) -> str:
    """The name of the table that is inside of a filter chain."""
    return f"{each.listener.name}/{each.chain.name}"


def connection_to(config: Config, at: PlacedChain, host: str = "") -> DownstreamConnection:
    """A connection that comes to a filter chain, as far as its match says what that takes.

    `host` is the address that the client calls, if it is one.
    """
    match = at.chain.filter_chain_match or FilterChainMatch()
    address, port = socket_of(at.listener)
    capture = _capture(config, at.listener)
    connection = DownstreamConnection(
        destination=_destination(config, address, match, host, capture),
        port=match.destination_port or (UNDECLARED_PORT if capture is Capture.INBOUND else port),
        source=_address_in(match.source_prefix_ranges) or "10.255.0.1",
        capture=capture,
        spoken=_spoken(at, match),
        tls=_client_hello(at, match, host, capture),
    )
    return connection if at.listener.filter_chain_matcher is None else at_chain(connection, at.listener, at.chain)


def socket_of(listener: Listener) -> tuple[str, int]:
    """The address and the port of a listener."""
    match listener.address:
        case Address(socket_address=SocketAddress(address=host, port_value=port)):
            return host, port or 0
        case _:
            return "", 0


def _capture(config: Config, listener: Listener) -> Capture:
    if config.proxy.type is not ProxyType.SIDECAR:
        return Capture.NONE
    return Capture.INBOUND if listener.name == "virtualInbound" else Capture.OUTBOUND


def _destination(config: Config, address: str, match: FilterChainMatch, host: str, capture: Capture) -> str:
    if capture is Capture.INBOUND:
        return config.proxy.ip_addresses[0]
    if found := _address_in(match.prefix_ranges):
        return found
    if address not in ("0.0.0.0", "::", ""):
        return address
    return host if _is_address(host) else SOMEWHERE_6 if address == "::" else SOMEWHERE


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _address_in(ranges: Iterable[CidrRange]) -> str:
    """The first address of the first range; "" if there is none."""
    for each in ranges:
        network = ip_network(f"{each.address_prefix}/{each.prefix_len or 0}", strict=False)
        return str(next(iter(network.hosts()), network.network_address))
    return ""


def _spoken(at: PlacedChain, match: FilterChainMatch) -> Spoken:
    if at.manager is None:
        return Spoken.TCP
    return Spoken.HTTP2 if "h2c" in match.application_protocols else Spoken.HTTP11


MESH_PEER = PeerCertificate(uris=("spiffe://cluster.local/ns/default/sa/default",))


ISTIO_ALPN = ("istio-peer-exchange", "istio")
"""What the sidecar of a client offers for plain TCP."""


def _client_hello(at: PlacedChain, match: FilterChainMatch, host: str, capture: Capture) -> ClientHello | None:
    """The TLS handshake of a client; None for a chain that takes plain text."""
    context = (at.chain.transport_socket or TransportSocket()).typed_config
    asks_for_tls = match.transport_protocol == "tls" or bool(match.server_names)
    if not asks_for_tls and not isinstance(context, DownstreamTlsContext):
        return None
    alpn = match.application_protocols or (ISTIO_ALPN if capture is Capture.INBOUND else ())
    wants_certificate = isinstance(context, DownstreamTlsContext) and bool(context.require_client_certificate)
    certificate = MESH_PEER if capture is Capture.INBOUND or wants_certificate else None
    called = host if capture is not Capture.INBOUND and not _is_address(host) else ""
    return ClientHello(sni=_server_name(match, called), alpn=alpn, certificate=certificate)


def _server_name(match: FilterChainMatch, host: str) -> str:
    """The name that a client asks for: the host that it calls, if the chain takes it."""
    if not match.server_names:
        return host.partition(":")[0]
    takes_host = any(takes(name, host.lower()) for name in match.server_names)
    return host if takes_host else next((name.replace("*", "any") for name in match.server_names), "")


def described_chain(each: PlacedChain, connection: DownstreamConnection) -> str:
    """What a chain gets, in words."""
    kind = "requests" if each.manager is not None else "connections"
    where = "another port" if connection.port == UNDECLARED_PORT else f"port {connection.port}"
    if connection.listener:
        return f"{kind} through the waypoint on {where}"
    if called_name(connection):
        return f"{kind} over TLS on {where}"
    return f"{kind} in {'TLS' if connection.tls is not None else 'plain text'} to {where}"


def called_name(connection: DownstreamConnection) -> str:
    """The host that a client asks for in its own TLS; "" if it speaks plain text, or by the TLS of the mesh."""
    hello = connection.tls
    return hello.sni if hello is not None and connection.capture is not Capture.INBOUND else ""
