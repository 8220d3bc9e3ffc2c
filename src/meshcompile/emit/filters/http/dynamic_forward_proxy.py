"""`envoy.filters.http.dynamic_forward_proxy`: resolves the host of each request, where no service has that host."""

from meshcompile.emit.dns_cache import dns_cache
from meshcompile.envoy.extensions.filters.http.dynamic_forward_proxy import FilterConfig
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.resolve.dns_caches import host_cache
from meshcompile.resolve.listeners.http_connection import HttpFilterInputs, HttpTraits

NAME = "envoy.filters.http.dynamic_forward_proxy"


def filters(traits: HttpTraits, inputs: HttpFilterInputs) -> tuple[HttpFilter, ...]:
    """One for the wildcard service of a connection, and one for hosts that no service has."""
    of_service = host_cache(inputs.dynamic_host, traits.lookup_families) if inputs.dynamic_host else None
    caches = (known for known in (of_service, traits.unknown_hosts) if known is not None)
    return tuple(
        HttpFilter(name=NAME, typed_config=FilterConfig(dns_cache_config=dns_cache(known))) for known in caches
    )
