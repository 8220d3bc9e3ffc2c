"""Filter chains. Follows istiod's `filterChainOpts.toFilterChainMatch`."""

from collections.abc import Mapping

from meshcompile.emit.filters.network.chain import network_filters
from meshcompile.emit.filters.network.tunnel_state import CONNECT_AUTHORITY
from meshcompile.emit.metadata import config_metadata
from meshcompile.emit.tls import downstream_tls
from meshcompile.envoy.config.core import CidrRange
from meshcompile.envoy.config.listener import FilterChain, FilterChainMatch
from meshcompile.envoy.message import at
from meshcompile.resolve.listeners.filter_chain import ChainMatch
from meshcompile.resolve.listeners.filter_chain import FilterChain as ResolvedFilterChain
from meshcompile.resolve.listeners.traffic import Traffic

# Without a timeout, clients that never finish their handshake would accumulate.
CONNECT_TIMEOUT = "15s"

_TLS, _PLAIN = "tls", "raw_buffer"
_TRANSPORT: Mapping[Traffic, str] = {
    Traffic.ANY: "",
    Traffic.PLAIN: _PLAIN,
    Traffic.PLAIN_HTTP: _PLAIN,
    Traffic.TUNNELLED_HTTP: "",
    Traffic.RECOGNIZED_HTTP: "",
    Traffic.TLS: _TLS,
    Traffic.MESH: _TLS,
    Traffic.MESH_HTTP: _TLS,
    Traffic.MESH_TCP: _TLS,
    Traffic.MESH_PASSED_ON: "",
}
_HTTP = ("http/1.1", "h2c")  # the names that the HTTP inspector uses
# The ALPN protocols that sidecars offer when they have detected HTTP, and when they have not.
_MESH_HTTP = ("istio-http/1.0", "istio-http/1.1", "istio-h2")
_MESH = ("istio", "istio-peer-exchange", *_MESH_HTTP)
_ALPN: Mapping[Traffic, tuple[str, ...]] = {
    Traffic.PLAIN_HTTP: _HTTP,
    Traffic.TUNNELLED_HTTP: _HTTP,
    Traffic.RECOGNIZED_HTTP: _HTTP,
    Traffic.MESH: _MESH,
    Traffic.MESH_HTTP: _MESH_HTTP,
    Traffic.MESH_TCP: ("istio-peer-exchange", "istio"),
    Traffic.MESH_PASSED_ON: _MESH,
}


_DESTINATION_OF_TUNNEL = (CONNECT_AUTHORITY,)


def filter_chain(chain: ResolvedFilterChain) -> FilterChain:
    """The message of a filter chain."""
    return at(
        FilterChain(
            filter_chain_match=None if chain.match is None else filter_chain_match(chain.match),
            filters=(
                *(_DESTINATION_OF_TUNNEL if chain.restores_destination else ()),
                *network_filters(chain.connection),
            ),
            metadata=config_metadata(chain.config),
            transport_socket=None if chain.tls is None else downstream_tls(chain.tls),
            transport_socket_connect_timeout=CONNECT_TIMEOUT if chain.connect_timeout else None,
            name=chain.name,
        ),
        chain.origins,
    )


def filter_chain_match(match: ChainMatch) -> FilterChainMatch | None:
    """The match; None for a chain that matches everything."""
    if match.takes_everything and match.destination_port is None:
        return None
    return FilterChainMatch(
        destination_port=match.destination_port,
        prefix_ranges=tuple(CidrRange(address_prefix=r.address, prefix_len=r.prefix_length) for r in match.ranges),
        server_names=match.names,
        transport_protocol=_TRANSPORT[match.traffic],
        application_protocols=_ALPN.get(match.traffic, ()),
    )
