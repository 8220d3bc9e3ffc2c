"""`istio.stats`: Istio's standard metrics for connections."""

from meshcompile.emit.stats import NAME, stats
from meshcompile.envoy.config.listener import Filter
from meshcompile.resolve.listeners.tcp_connection import TcpConnection
from meshcompile.resolve.telemetry import Telemetry


def filters(connection: TcpConnection) -> tuple[Filter, ...]:
    return stats_filters(connection.traits.telemetry)


def stats_filters(telemetry: Telemetry) -> tuple[Filter, ...]:
    """One filter for each metrics provider."""
    return tuple(Filter(name=NAME, typed_config=config) for config in stats(telemetry))
