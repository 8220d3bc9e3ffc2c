"""`envoy.filters.http.dynamic_forward_proxy`: resolves the host of each request, for wildcard services."""

from meshcompile.emit.dns_cache import dns_cache
from meshcompile.envoy.extensions.filters.http.dynamic_forward_proxy import FilterConfig
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.resolve.listeners.http_connection import HttpFilterInputs, HttpTraits

NAME = "envoy.filters.http.dynamic_forward_proxy"


def filters(traits: HttpTraits, inputs: HttpFilterInputs) -> tuple[HttpFilter, ...]:
    if not inputs.dynamic_host:
        return ()
    return (HttpFilter(name=NAME, typed_config=FilterConfig(dns_cache_config=dns_cache(inputs.dynamic_host))),)
