"""The network filters of a filter chain, in their order."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from meshcompile.envoy.config.listener import FilterChain
from meshcompile.envoy.extensions.filters.network import rbac
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.envoy.extensions.filters.network.mongo_proxy import MongoProxy
from meshcompile.envoy.extensions.filters.network.set_filter_state import Config as SetFilterStateConfig
from meshcompile.envoy.extensions.filters.network.sni_cluster import SniCluster
from meshcompile.envoy.extensions.filters.network.tcp_proxy import TcpProxy
from meshcompile.envoy.istio import StatsPluginConfig
from meshcompile.envoy.message import Packed, replaced
from meshcompile.simulate.http_connection_manager import Arrival, managed
from meshcompile.simulate.indexes import ProxyIndex
from meshcompile.simulate.network_rbac import network_rbac
from meshcompile.simulate.outcomes import ClosedConnection, LocalReply, ProxyOutcome, Step
from meshcompile.simulate.rbac_conditions import RbacSubject
from meshcompile.simulate.requests import DownstreamConnection, HttpRequest, PeerCertificate, Spoken
from meshcompile.simulate.string_match import is_typed_struct_of, type_name
from meshcompile.simulate.tcp_proxy import tcp_proxy

# Filters that neither close connections nor choose clusters, or whose choice the TCP proxy makes.
PASSING = (MongoProxy, SetFilterStateConfig, SniCluster, StatsPluginConfig)
PASSING_TYPES = frozenset({"envoy.tcp.metadataexchange.config.MetadataExchange"})
HTTP = (Spoken.HTTP10, Spoken.HTTP11, Spoken.HTTP2)


@dataclass(frozen=True, slots=True)
class OpenConnection:
    """A connection after the handshake. `connection` is what the filters see: without TLS that the chain ended."""

    connection: DownstreamConnection
    peer: PeerCertificate | None
    is_readable: bool  # false for TLS that the chain did not end


def through_network_filters(
    chain: FilterChain,
    pointer: str,
    opened: OpenConnection,
    request: HttpRequest | None,
    index: ProxyIndex,
    start: ProxyOutcome,
) -> Iterator[ProxyOutcome]:
    """All outcomes of a connection that the chain handles. `pointer` is the place of the chain."""
    current = start
    for at, each in enumerate(chain.filters):
        place = f"{pointer}/filters/{at}"
        match each.typed_config:
            case HttpConnectionManager() as manager:
                yield from _http(manager, f"{place}/typedConfig", opened, request, index, current)
                return
            case TcpProxy() as config:
                proxy = _by_server_name(chain, config, opened.connection)
                step = Step("network filter", each.name, f"forwards bytes to {proxy.cluster or 'a cluster'}", place)
                stepped = replace(current, steps=(*current.steps, step))
                yield from tcp_proxy(proxy, opened.connection, index.clusters, stepped)
                return
            case rbac.RBAC() as config:
                current, goes_on = network_rbac(config, each.name, place, _subject(opened), current)
                if not goes_on:
                    yield from _denied(chain, opened, index, current)
                    return
            case config:
                current = _after(each.name, config, place, current)
    yield replace(current, ending=ClosedConnection("the filter chain has no filter that answers"))


def _by_server_name(chain: FilterChain, config: TcpProxy, connection: DownstreamConnection) -> TcpProxy:
    """The TCP proxy. The SNI cluster filter has it use the cluster that has the server name as its name."""
    names_cluster = any(isinstance(each.typed_config, SniCluster) for each in chain.filters)
    if not names_cluster or connection.tls is None or not connection.tls.sni:
        return config
    return replaced(config, cluster=connection.tls.sni.lower(), weighted_clusters=None)


def _denied(
    chain: FilterChain, opened: OpenConnection, index: ProxyIndex, current: ProxyOutcome
) -> Iterator[ProxyOutcome]:
    """A denied connection. The TCP proxy connects before the first bytes are looked at, and may fail before."""
    config = chain.filters[-1].typed_config if chain.filters else None
    if not isinstance(config, TcpProxy):
        yield current
        return
    proxy = _by_server_name(chain, config, opened.connection)
    for outcome in tcp_proxy(proxy, opened.connection, index.clusters, current):
        failed = isinstance(outcome.ending, ClosedConnection)
        yield outcome if failed else replace(outcome, ending=current.ending)


def _subject(opened: OpenConnection) -> RbacSubject:
    connection = opened.connection
    is_tls = connection.tls is not None and opened.is_readable
    return RbacSubject(connection, opened.peer, is_tls, connection.source)


def _after(name: str, config: Packed | None, pointer: str, current: ProxyOutcome) -> ProxyOutcome:
    if isinstance(config, PASSING):
        return current
    if is_typed_struct_of(config, PASSING_TYPES):
        return current
    step = Step("network filter", name, "is not evaluated", pointer)
    unknown = f"the network filter {name} ({type_name(config)})"
    return replace(current, steps=(*current.steps, step), depends_on=(*current.depends_on, unknown))


def _http(
    manager: HttpConnectionManager,
    pointer: str,
    opened: OpenConnection,
    request: HttpRequest | None,
    index: ProxyIndex,
    current: ProxyOutcome,
) -> Iterator[ProxyOutcome]:
    if not opened.is_readable or opened.connection.spoken not in HTTP:
        step = Step("network filter", "HTTP connection manager", "the client does not speak HTTP", pointer)
        steps = (*current.steps, step)
        yield replace(current, ending=LocalReply(400, "http1.codec_error"), steps=steps)
        return
    indexed, wanted = index.manager(manager, pointer), request or HttpRequest()
    arrival = Arrival(indexed, opened.connection, opened.peer, wanted, index.clusters, current.steps)
    for outcome in managed(arrival):
        yield replace(outcome, depends_on=(*current.depends_on, *outcome.depends_on))
