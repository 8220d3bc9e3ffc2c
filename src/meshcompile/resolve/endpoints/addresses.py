"""The addresses that a proxy uses for a service. Follows istiod's `Service.GetAddressForProxy` and related methods."""

from meshcompile.proxy import Proxy, ProxyType
from meshcompile.queries import Key
from meshcompile.snapshot.service import UNSPECIFIED_ADDRESS, Service


class Addressing(Key, frozen=True):
    """What the addresses of services and listeners depend on.

    `knows_allocated` means that the proxy answers DNS itself, so names resolve to the addresses that istiod allocates.
    `ambient` meshes support services with addresses of both families. `by_family` leaves out the default address of a
    service in another cluster if it is of another family.
    """

    cluster: str
    ipv4: bool
    ipv6: bool
    knows_allocated: bool
    ambient: bool = False
    by_family: bool = True

    @property
    def is_dual_stack(self) -> bool:
        return self.ipv4 and self.ipv6

    @property
    def wildcards(self) -> tuple[str, ...]:
        """The addresses on which listeners accept every destination, IPv4 first: `0.0.0.0`, `::`."""
        return self._of_families("0.0.0.0", "::")

    @property
    def wildcard(self) -> str:
        """The first wildcard address."""
        return self.wildcards[0]

    @property
    def loopbacks(self) -> tuple[str, ...]:
        """The loopback addresses of the application, IPv4 first: `127.0.0.1`, `::1`."""
        return self._of_families("127.0.0.1", "::1")

    def _of_families(self, ipv4: str, ipv6: str) -> tuple[str, ...]:
        return ((ipv4,) if self.ipv4 else ()) + ((ipv6,) if self.ipv6 else ())


def addressing(proxy: Proxy, *, ambient: bool = False, by_family: bool = True) -> Addressing:
    """The addressing of a proxy."""
    return Addressing(
        cluster=proxy.cluster,
        ipv4=proxy.supports_ipv4,
        ipv6=proxy.supports_ipv6,
        knows_allocated=proxy.node_metadata.dns_capture or proxy.type is ProxyType.WAYPOINT,
        ambient=ambient,
        by_family=by_family,
    )


def service_address(service: Service, client: Addressing) -> str:
    """The address of a service for a client; `0.0.0.0` when the service has no address."""
    own = _reachable(service.addresses.get(client.cluster, ()), client)
    if own:
        return own[0]
    if client.knows_allocated and service.address == UNSPECIFIED_ADDRESS:
        if client.ipv4 and service.auto_ipv4:
            return service.auto_ipv4
        if client.ipv6 and service.auto_ipv6:
            return service.auto_ipv6
    return service.address


def service_addresses(service: Service, client: Addressing) -> tuple[str, ...]:
    """Every address of a service for a client. The first is the one that listeners use."""
    own = service.addresses.get(client.cluster, ())
    if not own and client.knows_allocated:
        own = tuple(address for address in (service.auto_ipv4, service.auto_ipv6) if address)
    reachable = own if client.ambient and client.is_dual_stack else _reachable(own, client)
    if reachable or not service.address:
        return reachable
    # The default address of a Kubernetes Service belongs to another cluster, so the client may not reach it.
    is_elsewhere = bool(service.addresses) and client.by_family
    return _reachable((service.address,), client) if is_elsewhere else (service.address,)


def _reachable(addresses: tuple[str, ...], client: Addressing) -> tuple[str, ...]:
    """The addresses of the client's family; of the first address's family for a client that has both."""
    families = tuple(_family(address) for address in addresses[:1]) if client.is_dual_stack else ()
    used_family = next((family for family in families if family), 4 if client.ipv4 else 6)
    return tuple(address for address in addresses if _family(address) == used_family)


def _family(address: str) -> int:
    """The family of an address or range, 4 or 6; 0 when the text is neither."""
    if ":" in address:
        return 6
    return 4 if address.replace(".", "").replace("/", "").isdigit() else 0
