"""`istio.stats`: Istio's standard metrics for requests."""

from meshcompile.emit.stats import NAME, stats
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.resolve.listeners.http_connection import HttpFilterInputs, HttpTraits


def filters(traits: HttpTraits, inputs: HttpFilterInputs) -> tuple[HttpFilter, ...]:
    return tuple(HttpFilter(name=NAME, typed_config=config) for config in stats(traits.telemetry))
