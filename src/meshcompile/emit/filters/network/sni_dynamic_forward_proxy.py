"""SNI dynamic forward proxy: resolves the server name of each connection, for dynamic wildcard services.

`envoy.extensions.filters.network.sni_dynamic_forward_proxy` in Envoy.
"""

from meshcompile.emit.dns_cache import dns_cache
from meshcompile.envoy.config.listener import Filter
from meshcompile.envoy.extensions.filters.network.sni_dynamic_forward_proxy import FilterConfig
from meshcompile.resolve.dns_caches import host_cache
from meshcompile.resolve.listeners.tcp_connection import TcpConnection

NAME = "envoy.extensions.filters.network.sni_dynamic_forward_proxy"


def filters(connection: TcpConnection) -> tuple[Filter, ...]:
    if not connection.dynamic_host:
        return ()
    known = host_cache(connection.dynamic_host, connection.traits.lookup_families)
    config = FilterConfig(dns_cache_config=dns_cache(known), port_value=connection.port)
    return (Filter(name=NAME, typed_config=config),)
