"""`istio.stats`: Istio's standard metrics of requests."""

from meshcompile.emit.stats import NAME, stats
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.resolve.http_connection import HttpConnection


def filters(connection: HttpConnection) -> tuple[HttpFilter, ...]:
    return tuple(HttpFilter(name=NAME, typed_config=config) for config in stats(connection.traits.telemetry))
