"""`envoy.filters.http.grpc_stats`: counts gRPC messages, for Istio's own metrics."""

from meshcompile.envoy.extensions.filters.http.grpc_stats import FilterConfig
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.resolve.listeners.http_connection import HttpFilterInputs, HttpTraits

NAME = "envoy.filters.http.grpc_stats"
_FILTER = HttpFilter(name=NAME, typed_config=FilterConfig(emit_filter_state=True, stats_for_all_methods=False))


def filters(traits: HttpTraits, inputs: HttpFilterInputs) -> tuple[HttpFilter, ...]:
    return (_FILTER,)
