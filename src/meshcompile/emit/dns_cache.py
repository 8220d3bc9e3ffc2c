"""The DNS cache of a dynamic wildcard service. Filters and the cluster share it by name."""

from meshcompile.envoy.extensions.common.dynamic_forward_proxy import DnsCacheConfig


def dns_cache(host: str) -> DnsCacheConfig:
    """The cache of a wildcard host."""
    return DnsCacheConfig(name=f"{host}_dfp_dns_cache", dns_lookup_family="V4_ONLY")
