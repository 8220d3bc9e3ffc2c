"""The DNS caches of hosts that Envoy resolves for each request or connection."""

from collections.abc import Mapping

from meshcompile.emit.address import address
from meshcompile.envoy.config.cluster import ClusterDnsLookupFamily
from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.envoy.extensions.common.dynamic_forward_proxy import DnsCacheConfig
from meshcompile.envoy.extensions.network.dns_resolver.cares import CaresDnsResolverConfig
from meshcompile.resolve.dns_caches import DnsCache

FAMILIES: Mapping[str, ClusterDnsLookupFamily] = {"V4_ONLY": "V4_ONLY", "V6_ONLY": "V6_ONLY", "ALL": "ALL"}


def dns_cache(known: DnsCache) -> DnsCacheConfig:
    """The message of a cache."""
    return DnsCacheConfig(
        name=known.name,
        dns_lookup_family=FAMILIES[known.families],
        max_hosts=known.max_hosts,
        typed_dns_resolver_config=None if known.resolver is None else _resolver(*known.resolver),
    )


def _resolver(host: str, port: int) -> TypedExtensionConfig:
    config = CaresDnsResolverConfig(resolvers=(address(host, port),))
    return TypedExtensionConfig(name="envoy.network.dns_resolver.cares", typed_config=config)
