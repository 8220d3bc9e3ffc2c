"""The DNS caches of hosts that Envoy resolves for each request or connection.

Follows istiod's `buildAllowAnyDynamicDNSDNSCacheConfig` and `SelectDNSLookupFamily`. The cluster and the filters that
use a cache share it by name, so both must describe it alike.
"""

from msgspec import Struct

from meshcompile.behaviour import Behaviour
from meshcompile.node_metadata import NodeMetadata
from meshcompile.values.ip import host_and_port

MAX_HOSTS = 1024
LOOPBACK, DNS_PORT = "127.0.0.1", 15053


class DnsCache(Struct, frozen=True):
    """A cache of addresses.

    `families` is V4_ONLY or V6_ONLY. `resolver` is the address and port of a DNS server, None for that of the machine.
    """

    name: str
    families: str
    max_hosts: int | None = None
    resolver: tuple[str, int] | None = None


def host_cache(host: str, families: str) -> DnsCache:
    """The cache of a wildcard host."""
    return DnsCache(f"{host}_dfp_dns_cache", families)


def unknown_hosts_cache(families: str, metadata: NodeMetadata) -> DnsCache:
    """The cache of all hosts that no service has. A proxy that captures DNS requests asks itself."""
    resolver = _own_server(metadata.dns_proxy_addr) if metadata.dns_capture else None
    return DnsCache("allow_any_dfp_dns_cache", families, MAX_HOSTS, resolver)


def lookup_families(behaviour: Behaviour, *, ipv4: bool, ipv6: bool) -> str:
    """The families of addresses that a proxy with these families looks up. Some releases know only IPv4 here."""
    return "V6_ONLY" if behaviour.looked_up_families and ipv6 and not ipv4 else "V4_ONLY"


def _own_server(written: str) -> tuple[str, int]:
    """The address at which the proxy serves DNS, with Istio's defaults for what cannot be read."""
    parts = host_and_port(written)
    if parts is None:
        return LOOPBACK, DNS_PORT
    host, port = parts
    return LOOPBACK if host == "localhost" else host, port
