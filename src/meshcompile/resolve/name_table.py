"""The names that the agent of a proxy answers itself, with `DNS_CAPTURE`. Follows istiod's `BuildNameTable`."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from meshcompile.proxy import Proxy
from meshcompile.queries import Key, query
from meshcompile.resolve.endpoints.addresses import Addressing, addressing, service_addresses
from meshcompile.resolve.scope.sidecar import ScopeKey, l4_scope, scope_key
from meshcompile.resolve.scope.workload import placed
from meshcompile.snapshot.service import UNSPECIFIED_ADDRESS, Endpoint, Health, Registry, Service
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.ip import is_ip


class NamedHost(Struct, frozen=True):
    """The addresses of a host. The agent also answers for short forms of a name in a namespace."""

    addresses: tuple[str, ...]
    registry: Registry
    short_name: str = ""
    namespace: str = ""


class NameTable(Struct, frozen=True, dict=True):
    """All hosts that the agent of a proxy knows."""

    hosts: Mapping[str, NamedHost]


class NameTableKey(Key, frozen=True):
    """What a table depends on in a proxy: what it imports, its cluster and families, and its network."""

    scope: ScopeKey
    client: Addressing
    network: str

    def is_local(self, endpoint: Endpoint) -> bool:
        """True for an endpoint in the cluster of the proxy, or if either cluster is unknown."""
        return not (endpoint.cluster and self.client.cluster) or endpoint.cluster == self.client.cluster

    def reaches(self, endpoint: Endpoint) -> bool:
        """True for an endpoint in the network of the proxy, or if either network is unknown."""
        network = endpoint.workload.network
        return not (network and self.network) or network == self.network


def name_table(snapshot: Snapshot, proxy: Proxy) -> NameTable:
    """The table of a proxy, which proxies with equal keys share."""
    known = placed(snapshot, proxy)
    client = addressing(known, ambient=snapshot.ambient, by_family=snapshot.behaviour.address_families)
    key = NameTableKey(scope_key(snapshot, known), client, known.node_metadata.network)
    return _shared_table(snapshot, key)


@query
def _shared_table(snapshot: Snapshot, key: NameTableKey) -> NameTable:
    hosts: dict[str, NamedHost] = {}
    for listener in l4_scope(snapshot, key.scope).egress_listeners:
        for service in listener.services:
            addresses = tuple(service_addresses(service, key.client))
            if UNSPECIFIED_ADDRESS in addresses:
                endpoints = tuple(_resolved(snapshot, service))
                hosts |= _pods(service, endpoints, key)
                addresses = tuple(a for each in endpoints if key.reaches(each) for a in each.addresses)
            own = tuple(address for address in addresses if is_ip(address))
            if own:
                _add(hosts, service, own)
    return NameTable(hosts)


def _resolved(snapshot: Snapshot, service: Service) -> Iterator[Endpoint]:
    """The endpoints that the name of a headless service stands for."""
    if not service.is_headless or not service.ports:
        return
    for endpoint in snapshot.endpoints.named(service, service.ports[0].name):
        is_ready = endpoint.health in (Health.UNKNOWN, Health.HEALTHY) or service.publishes_unready
        if is_ready and endpoint.addresses and all(map(is_ip, endpoint.addresses)):
            yield endpoint


def _pods(service: Service, endpoints: tuple[Endpoint, ...], key: NameTableKey) -> dict[str, NamedHost]:
    """The names of the Pods of a headless Service that have one in its domain. Those of the own cluster come first."""
    addresses: dict[tuple[bool, str], tuple[str, ...]] = {}
    for endpoint in endpoints:
        if endpoint.workload.dns_name and key.reaches(endpoint):
            pod = (key.is_local(endpoint), endpoint.workload.dns_name)
            addresses[pod] = (*addresses.get(pod, ()), *endpoint.addresses)
    _, _, domain = service.hostname.partition(".")
    return {
        f"{name}.{domain}": NamedHost(found, service.registry, name, service.namespace)
        for (_, name), found in sorted(addresses.items())
    }


def _add(hosts: dict[str, NamedHost], service: Service, addresses: tuple[str, ...]) -> None:
    """Add a service. A Kubernetes Service replaces ServiceEntries with its host; these add up."""
    known = hosts.get(service.hostname)
    if service.registry is Registry.KUBERNETES:
        if known is None or known.registry is not Registry.KUBERNETES:
            named = NamedHost(addresses, service.registry, service.name, service.namespace)
            hosts[service.hostname] = named
    elif known is None:
        hosts[service.hostname] = NamedHost(addresses, service.registry)
    elif known.registry is not Registry.KUBERNETES:
        hosts[service.hostname] = NamedHost((*known.addresses, *addresses), known.registry)
