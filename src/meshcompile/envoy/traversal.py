"""Parts of messages that many readers need: the filter chains of a listener, and the clusters that are named."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # only named here, so reading parts imports no message
    from meshcompile.envoy.config.listener import FilterChain, Listener
    from meshcompile.envoy.config.route import RouteAction
    from meshcompile.envoy.extensions.filters.network.tcp_proxy import TcpProxy


def filter_chains(listener: "Listener") -> "tuple[FilterChain, ...]":
    """The filter chains in order; the default chain comes last."""
    default = listener.default_filter_chain
    return listener.filter_chains if default is None else (*listener.filter_chains, default)


def forwarded_to(sender: "RouteAction | TcpProxy") -> Iterator[str]:
    """The clusters that get the requests of a route or the connections of a TCP proxy, without copies."""
    if sender.cluster:
        yield sender.cluster
    if sender.weighted_clusters is not None:
        yield from (each.name for each in sender.weighted_clusters.clusters)


def mirrored_to(action: "RouteAction") -> Iterator[str]:
    """The clusters that get copies of the requests of a route; "" for one that a header names."""
    return (each.cluster for each in action.request_mirror_policies)
