"""The TCP proxy filter: the cluster that gets the bytes of a connection."""

from collections.abc import Iterator
from fractions import Fraction

from meshcompile.envoy.extensions.filters.network.tcp_proxy import TcpProxy
from meshcompile.simulate.cluster import ClusterIndex
from meshcompile.simulate.outcomes import ClosedConnection, Ending, ForwardedBytes, ProxyOutcome, Step
from meshcompile.simulate.requests import DownstreamConnection
from meshcompile.simulate.weighted import Share, weighted_choices


def tcp_proxy(
    config: TcpProxy, connection: DownstreamConnection, clusters: ClusterIndex, start: ProxyOutcome
) -> Iterator[ProxyOutcome]:
    """All outcomes of a connection. `start` has the steps and conditions up to here."""
    for choice in _choices(config):
        ending, flags, step = _ending(choice.value, connection, clusters)
        yield ProxyOutcome(
            start.share * choice.share,
            ending,
            (*start.steps, step),
            start.depends_on,
            (*start.flags, *flags),
            choice.value,
        )


def _choices(config: TcpProxy) -> tuple[Share[str], ...]:
    if config.weighted_clusters is None:
        return (Share(Fraction(1), config.cluster or ""),)
    return weighted_choices([(each.name, each.weight) for each in config.weighted_clusters.clusters], None)


def _ending(
    name: str, connection: DownstreamConnection, clusters: ClusterIndex
) -> tuple[Ending, tuple[str, ...], Step]:
    cluster = clusters.find(name, connection)
    if cluster is None:
        step = Step("cluster", name, "there is no such cluster")
        return ClosedConnection("there is no such cluster"), ("NC",), step
    if not cluster.endpoints and not cluster.depends_on:
        step = Step("cluster", name, "has no endpoints", cluster.pointer)
        return ClosedConnection("the cluster has no endpoints"), ("UH",), step
    step = Step("cluster", name, f"has {len(cluster.endpoints)} endpoints", cluster.pointer)
    return ForwardedBytes(cluster), (), step
