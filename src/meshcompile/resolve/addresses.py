"""The addresses under which a proxy knows a service: istiod's `Service.GetAddressForProxy` and its kin."""

from meshcompile.proxy import Proxy, ProxyType
from meshcompile.snapshot.service import UNSPECIFIED_ADDRESS, Service


def service_address(service: Service, proxy: Proxy) -> str:
    """The address of a service for a proxy; `0.0.0.0` when it has none of its own."""
    own = _reachable(service.addresses.get(proxy.cluster, ()), proxy)
    if own:
        return own[0]
    if uses_allocated_addresses(proxy) and service.address == UNSPECIFIED_ADDRESS:
        if proxy.supports_ipv4 and service.auto_ipv4:
            return service.auto_ipv4
        if proxy.supports_ipv6 and service.auto_ipv6:
            return service.auto_ipv6
    return service.address


def service_addresses(service: Service, proxy: Proxy) -> tuple[str, ...]:
    """Every address of a service for a proxy, the one for listeners first."""
    own = service.addresses.get(proxy.cluster, ())
    if not own and uses_allocated_addresses(proxy):
        own = tuple(address for address in (service.auto_ipv4, service.auto_ipv6) if address)
    reachable = _reachable(own, proxy)
    if reachable or not service.address:
        return reachable
    # The default address of a Kubernetes Service is that of another cluster, which a proxy may not reach.
    return _reachable((service.address,), proxy) if service.addresses else (service.address,)


def uses_allocated_addresses(proxy: Proxy) -> bool:
    """True when names resolve to the addresses that istiod allocates: where the proxy answers DNS itself."""
    return proxy.flag("DNS_CAPTURE") or proxy.type is ProxyType.WAYPOINT


def _reachable(addresses: tuple[str, ...], proxy: Proxy) -> tuple[str, ...]:
    """The addresses of the proxy's family; of the first address's family for a proxy that has both."""
    families = tuple(_family(address) for address in addresses[:1]) if proxy.is_dual_stack else ()
    wanted = next((family for family in families if family), 4 if proxy.supports_ipv4 else 6)
    return tuple(address for address in addresses if _family(address) == wanted)


def _family(address: str) -> int:
    """4 or 6, for an address or a range; 0 for what is neither."""
    if ":" in address:
        return 6
    return 4 if address.replace(".", "").replace("/", "").isdigit() else 0
