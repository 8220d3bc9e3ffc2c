"""Filter chains. Follows istiod's `filterChainOpts.toFilterChainMatch`."""

from meshcompile.emit.filters.network.chain import network_filters
from meshcompile.emit.metadata import config_metadata
from meshcompile.emit.tls import downstream_tls
from meshcompile.envoy.config.core import CidrRange
from meshcompile.envoy.config.listener import FilterChain, FilterChainMatch
from meshcompile.envoy.message import at
from meshcompile.resolve.filter_chain import ChainMatch
from meshcompile.resolve.filter_chain import FilterChain as Piece

# Clients that never finish their handshake would pile up.
CONNECT_TIMEOUT = "15s"


def filter_chain(chain: Piece) -> FilterChain:
    """The chain of a piece."""
    return at(
        FilterChain(
            filter_chain_match=None if chain.match is None else filter_chain_match(chain.match),
            filters=network_filters(chain.connection),
            metadata=config_metadata(chain.config),
            transport_socket=None if chain.tls is None else downstream_tls(chain.tls),
            transport_socket_connect_timeout=CONNECT_TIMEOUT if chain.connect_timeout else None,
            name=chain.name,
        ),
        chain.origins,
    )


def filter_chain_match(match: ChainMatch) -> FilterChainMatch | None:
    """The match; None for what takes everything."""
    if match.takes_everything and not match.destination_port:
        return None
    return FilterChainMatch(
        destination_port=match.destination_port or None,
        prefix_ranges=tuple(CidrRange(address_prefix=r.address, prefix_len=r.prefix_length) for r in match.ranges),
        server_names=match.names,
        transport_protocol=match.transport_protocol,
        application_protocols=match.application_protocols,
    )
