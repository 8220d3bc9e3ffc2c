"""The services of the mesh by host name and by visibility: istiod's `PushContext.initServiceRegistry`."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from meshcompile.behaviour import Behaviour
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.snapshot.kubernetes_services import kubernetes_services, merged, with_aliases
from meshcompile.snapshot.resources import ConfigStore
from meshcompile.snapshot.service import Registry, Service
from meshcompile.snapshot.service_entries import EntryServices, service_entries
from meshcompile.snapshot.workloads import WorkloadIndex


class ServiceIndex(Struct, frozen=True, eq=False):
    """The services of the mesh, oldest first.

    `by_hostname` has one service for each host and namespace: the Kubernetes Service, else the oldest. `entries` are
    the ServiceEntries with their services. `kubernetes` are the Services of each cluster and namespace, as defined in
    that cluster.
    """

    all: tuple[Service, ...]
    by_hostname: Mapping[str, Mapping[str, Service]]
    entries: tuple[EntryServices, ...]
    kubernetes: Mapping[tuple[str, str], tuple[Service, ...]]
    _public: tuple[Service, ...]
    _exported: Mapping[str, tuple[Service, ...]]
    _by_host: Mapping[tuple[str, str], tuple[Service, ...]]

    def visible_to(self, namespace: str) -> tuple[Service, ...]:
        """The services that a namespace sees: first those exported to it by name, then those exported to all."""
        return self._exported.get(namespace, ()) + self._public

    def of_cluster(self, cluster: str) -> Iterator[Service]:
        """The Services of a cluster, as defined in that cluster."""
        return (service for (name, _), group in self.kubernetes.items() if name == cluster for service in group)

    def of_host(self, hostname: str, namespace: str) -> tuple[Service, ...]:
        """All services of a host in a namespace, oldest first. Several ServiceEntries may define the same host."""
        return self._by_host.get((hostname, namespace), ())


def service_index(
    resources: ConfigStore, mesh: MeshConfig, workloads: WorkloadIndex, behaviour: Behaviour
) -> ServiceIndex:
    """The index of the accepted resources."""
    clusters = kubernetes_services(resources, workloads, mesh, behaviour)
    entries = service_entries(resources, workloads, mesh, behaviour)
    external = (service for entry in entries for service in entry.services)
    registered = (*merged(clusters), *external)
    services = with_aliases(sorted(registered, key=service_age))
    return ServiceIndex(
        all=services,
        by_hostname=_by_hostname(services),
        entries=entries,
        kubernetes=_by_cluster_and_namespace(clusters),
        _public=tuple(service for service in services if "*" in service.export_to),
        _exported=_exported(services),
        _by_host=_by_host(services),
    )


def service_age(service: Service) -> tuple[str, str, str, str]:
    """Sort key of services, oldest first. Names decide between services of one age."""
    return (service.creation_time, service.name, service.namespace, service.object_name)


def _by_hostname(services: Iterable[Service]) -> Mapping[str, Mapping[str, Service]]:
    by_hostname: dict[str, dict[str, Service]] = {}
    for service in services:
        namespaces = by_hostname.setdefault(service.hostname, {})
        existing = namespaces.setdefault(service.namespace, service)
        if existing.registry is Registry.EXTERNAL and service.registry is Registry.KUBERNETES:
            namespaces[service.namespace] = service
    return by_hostname


def _exported(services: Iterable[Service]) -> Mapping[str, tuple[Service, ...]]:
    """The services that are exported to namespaces by name. `~` hides a service, whatever else its list has."""
    by_namespace: dict[str, list[Service]] = {}
    for service in services:
        if not service.export_to & {"*", "~"}:
            for namespace in service.export_to:
                by_namespace.setdefault(namespace, []).append(service)
    return {namespace: tuple(group) for namespace, group in by_namespace.items()}


def _by_cluster_and_namespace(
    clusters: Mapping[str, Iterable[Service]],
) -> Mapping[tuple[str, str], tuple[Service, ...]]:
    groups: dict[tuple[str, str], list[Service]] = {}
    for cluster, services in clusters.items():
        for service in services:
            groups.setdefault((cluster, service.namespace), []).append(service)
    return {key: tuple(group) for key, group in groups.items()}


def _by_host(services: Iterable[Service]) -> Mapping[tuple[str, str], tuple[Service, ...]]:
    by_host: dict[tuple[str, str], tuple[Service, ...]] = {}
    for service in services:
        key = (service.hostname, service.namespace)
        by_host[key] = (*by_host.get(key, ()), service)
    return by_host
