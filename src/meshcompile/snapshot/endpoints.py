"""The endpoints of each service: istiod's endpoint shards and `PushContext.ServiceIndex.instancesByPort`.

Endpoints belong to a host name and namespace and not to one service. A ServiceEntry shares endpoints with a Kubernetes
Service of its namespace if it has the same host, for ports with the same name.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from meshcompile.behaviour import Behaviour
from meshcompile.models.kubernetes.endpoint_slice import EndpointSlice
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.networking.workload_entry import WorkloadEntry
from meshcompile.queries import Source, derived
from meshcompile.snapshot.entry_endpoints import HostKey, Instance, entry_endpoints
from meshcompile.snapshot.networks import NetworkIndex
from meshcompile.snapshot.resources import ConfigStore
from meshcompile.snapshot.service import Endpoint, Service, Workload
from meshcompile.snapshot.services import ServiceIndex
from meshcompile.snapshot.slice_endpoints import selected_endpoints, slice_endpoints
from meshcompile.snapshot.workload_sources import WorkloadSource
from meshcompile.snapshot.workloads import WorkloadIndex, is_ready
from meshcompile.values.ip import is_ip
from meshcompile.values.spiffe import with_trust_domain_aliases

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class EndpointIndex(Source, frozen=True, eq=False):
    """Endpoints by host name and namespace: first those of ServiceEntries, then those of each cluster, ordered by
    cluster name.

    `entries` are the WorkloadEntries. `slices` are the EndpointSlices of each cluster.
    """

    by_host: Mapping[HostKey, tuple[Endpoint, ...]]
    entries: tuple[Workload, ...]
    slices: Mapping[str, tuple[EndpointSlice, ...]]
    _instances: tuple[Instance, ...]
    _services: ServiceIndex
    _trust_domain_aliases: tuple[str, ...]

    def of(self, service: Service) -> tuple[Endpoint, ...]:
        """All endpoints of a service, for every port and cluster."""
        return self.by_host.get((service.hostname, service.namespace), ())

    def named(self, service: Service, port_name: str) -> tuple[Endpoint, ...]:
        """The endpoints of the service port with this name, as EDS selects them."""
        return _by_port_name(self, (service.hostname, service.namespace)).get(port_name, ())

    def numbered(self, service: Service, number: int) -> tuple[Endpoint, ...]:
        """The endpoints of the service port with this number, as clusters with inline endpoints select them."""
        return _by_port_number(self, (service.hostname, service.namespace)).get(number, ())

    def service_accounts(self, service: Service) -> tuple[str, ...]:
        """The identities that servers of the service may have, sorted, in every trust domain of the mesh."""
        return _service_accounts(self, (service.hostname, service.namespace))

    def entries_at(self, address: str) -> tuple[Workload, ...]:
        """The WorkloadEntries with an IP address, ordered by namespace and name."""
        return _entries_by_address(self).get(address, ())

    def external_at(self, addresses: Iterable[str], namespace: str) -> tuple[Instance, ...]:
        """The endpoints of a namespace's ServiceEntries with one of these addresses, each with its service."""
        by_address = _instances_by_address(self)
        return tuple(i for address in addresses for i in by_address.get(address, ()) if i[0].namespace == namespace)


@derived
def _by_port_name(index: EndpointIndex, host: HostKey) -> Mapping[str, tuple[Endpoint, ...]]:
    return _grouped((endpoint.service_port_name, endpoint) for endpoint in index.by_host.get(host, ()))


@derived
def _by_port_number(index: EndpointIndex, host: HostKey) -> Mapping[int, tuple[Endpoint, ...]]:
    """Endpoints by port number. Of several services of the host, the last one with endpoints for a port wins."""
    endpoints = index.by_host.get(host, ())
    by_number: dict[int, tuple[Endpoint, ...]] = {}
    for service in index._services.of_host(*host):
        numbers = {port.name: port.number for port in service.ports}
        by_number.update(_grouped(_port_numbers(endpoints, numbers)))
    return by_number


@derived
def _service_accounts(index: EndpointIndex, host: HostKey) -> tuple[str, ...]:
    own = index._services.of_host(*host)[-1:]
    accounts = {account for e in index.by_host.get(host, ()) if (account := e.workload.service_account)}
    accounts.update(account for service in own for account in service.service_accounts)
    return tuple(sorted(with_trust_domain_aliases(accounts, index._trust_domain_aliases)))


@derived
def _entries_by_address(index: EndpointIndex) -> Mapping[str, tuple[Workload, ...]]:
    return _grouped((entry.addresses[0], entry) for entry in index.entries)


@derived
def _instances_by_address(index: EndpointIndex) -> Mapping[str, tuple[Instance, ...]]:
    return _grouped((instance[1].address, instance) for instance in index._instances)


def _grouped(items: Iterable[tuple[K, T]]) -> Mapping[K, tuple[T, ...]]:
    groups: dict[K, list[T]] = {}
    for key, item in items:
        groups.setdefault(key, []).append(item)
    return {key: tuple(group) for key, group in groups.items()}


def _port_numbers(endpoints: Iterable[Endpoint], numbers: Mapping[str, int]) -> Iterator[tuple[int, Endpoint]]:
    known = frozenset(numbers.values())
    for endpoint in endpoints:
        number = endpoint.legacy_port or numbers.get(endpoint.service_port_name, 0)
        if number in known:
            yield number, endpoint


def endpoint_index(
    resources: ConfigStore,
    services: ServiceIndex,
    workloads: WorkloadIndex,
    networks: NetworkIndex,
    mesh: MeshConfig,
    behaviour: Behaviour,
) -> EndpointIndex:
    """The index of the accepted resources."""
    here = workloads.config_cluster
    sources = {
        cluster: WorkloadSource(cluster, mesh.trust_domain, workloads, networks) for cluster in workloads.clusters
    }
    entries = tuple(sources[here].of_entry(entry) for entry in sorted(workloads.entries, key=_by_name))
    of_namespace = _grouped((entry.namespace, entry) for entry in entries)
    selectable = _selectable(services, workloads, sources, of_namespace)
    external = entry_endpoints(services.entries, selectable, sources[here], behaviour)
    shards: list[Mapping[HostKey, tuple[Endpoint, ...]]] = [
        {key: tuple(endpoint for _, endpoint in instances) for key, instances in external.items()}
    ]
    slices = _slices(resources, workloads)
    for cluster, of_cluster in slices.items():
        known = {service.hostname: service for service in services.of_cluster(cluster)}
        shards.append(slice_endpoints(of_cluster, known, sources[cluster]))
        if cluster == here and entries:
            shards.append(selected_endpoints(known.values(), of_namespace))
    return EndpointIndex(
        by_host=_joined(shards),
        entries=tuple(entry for entry in entries if is_ip(entry.addresses[0])),
        slices=slices,
        _instances=tuple(instance for _, instances in sorted(external.items()) for instance in instances),
        _services=services,
        _trust_domain_aliases=mesh.trust_domain_aliases,
    )


def _slices(resources: ConfigStore, workloads: WorkloadIndex) -> Mapping[str, tuple[EndpointSlice, ...]]:
    """The EndpointSlices of each cluster, ordered by the name of the cluster."""
    here = workloads.config_cluster
    return {
        cluster: (resources if cluster == here else resources.clusters[cluster]).all(EndpointSlice)
        for cluster in sorted(workloads.clusters)
    }


def _by_name(entry: WorkloadEntry) -> tuple[str, str]:
    return (entry.namespace, entry.name)


def _selectable(
    services: ServiceIndex,
    workloads: WorkloadIndex,
    sources: Mapping[str, WorkloadSource],
    entries: Mapping[str, Sequence[Workload]],
) -> Mapping[str, Sequence[Workload]]:
    """The workloads that ServiceEntries with selectors may select, by namespace: first Pods, then entries."""
    namespaces = {e.entry.namespace for e in services.entries if e.entry.spec.workload_selector is not None}
    if not namespaces:
        return {}
    pods = _grouped(
        (namespace, sources[cluster].of_pod(pod))
        for cluster, of_cluster in sorted(workloads.clusters.items())
        for (namespace, _), pod in sorted(of_cluster.pods.items())
        if namespace in namespaces and is_ready(pod)
    )
    return {namespace: (*pods.get(namespace, ()), *entries.get(namespace, ())) for namespace in namespaces}


def _joined(shards: Iterable[Mapping[HostKey, tuple[Endpoint, ...]]]) -> Mapping[HostKey, tuple[Endpoint, ...]]:
    joined: dict[HostKey, tuple[Endpoint, ...]] = {}
    for shard in shards:
        for key, endpoints in shard.items():
            joined[key] = (*joined.get(key, ()), *endpoints)
    return joined
