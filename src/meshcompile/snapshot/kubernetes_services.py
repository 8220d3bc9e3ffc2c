"""Kubernetes Services, converted to services of the mesh. Follows istiod's `kube.ConvertService`, and
`aggregate.Controller` for a Service in several clusters.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec.structs import replace

from meshcompile.behaviour import Behaviour
from meshcompile.models.kubernetes import service as kubernetes
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.snapshot import exports
from meshcompile.snapshot.resources import NO_CREATION_TIME, ConfigStore
from meshcompile.snapshot.service import (
    UNSPECIFIED_ADDRESS,
    Registry,
    Resolution,
    Service,
    ServicePort,
    TrafficDistribution,
)
from meshcompile.snapshot.workloads import ClusterWorkloads, WorkloadIndex
from meshcompile.values.hosts import CLUSTER_DOMAIN
from meshcompile.values.labels import NO_LABELS, Labels
from meshcompile.values.ports import declared_protocol
from meshcompile.values.spiffe import spiffe_id

EXPORT_TO = "networking.istio.io/exportTo"
CANONICAL_ACCOUNTS = "alpha.istio.io/canonical-serviceaccounts"
KUBERNETES_ACCOUNTS = "alpha.istio.io/kubernetes-serviceaccounts"
TRAFFIC_DISTRIBUTION = "networking.istio.io/traffic-distribution"

_DISTRIBUTIONS = {
    "prefersamezone": TrafficDistribution.PREFER_SAME_ZONE,
    "preferclose": TrafficDistribution.PREFER_SAME_ZONE,
    "prefersamenode": TrafficDistribution.PREFER_SAME_NODE,
}
# Values in `spec` are case-sensitive; values of annotations are not.
_EXACT_DISTRIBUTIONS = frozenset({"PreferSameZone", "PreferClose", "PreferSameNode"})


def service_hostname(name: str, namespace: str) -> str:
    """The host name of a Kubernetes Service."""
    return f"{name}.{namespace}.svc.{CLUSTER_DOMAIN}"


def inherited_annotations(workloads: ClusterWorkloads, behaviour: Behaviour) -> Callable[[str], Labels]:
    """The annotations that services inherit from a namespace."""
    return workloads.namespace_annotations if behaviour.namespace_traffic_distribution else lambda namespace: NO_LABELS


def kubernetes_services(
    resources: ConfigStore, workloads: WorkloadIndex, mesh: MeshConfig, behaviour: Behaviour
) -> Mapping[str, tuple[Service, ...]]:
    """The Services of each cluster, the config cluster's first."""
    clusters = {workloads.config_cluster: resources, **dict(sorted(resources.clusters.items()))}
    return {
        cluster: tuple(
            kubernetes_service(service, cluster, annotations(service.namespace), mesh)
            for annotations in (inherited_annotations(workloads.of(cluster), behaviour),)
            for service in of_cluster.all(kubernetes.Service)
        )
        for cluster, of_cluster in clusters.items()
    }


def merged(clusters: Mapping[str, Iterable[Service]]) -> tuple[Service, ...]:
    """One service per host name over all clusters, ordered by host name. The first cluster's definition is used."""
    by_hostname: dict[str, Service] = {}
    for services in clusters.values():
        for service in services:
            existing = by_hostname.get(service.hostname)
            by_hostname[service.hostname] = service if existing is None else _with_cluster(existing, service)
    return tuple(by_hostname[hostname] for hostname in sorted(by_hostname))


def _with_cluster(service: Service, other: Service) -> Service:
    """The service with the addresses and service accounts of another cluster added."""
    return replace(
        service,
        addresses={**other.addresses, **service.addresses},
        service_accounts=tuple(dict.fromkeys((*service.service_accounts, *other.service_accounts))),
    )


def kubernetes_service(
    service: kubernetes.Service, cluster: str, namespace_annotations: Labels, mesh: MeshConfig
) -> Service:
    """One Service, converted to a service of the mesh."""
    spec, annotations = service.spec, service.metadata.annotations
    external_name = spec.external_name if spec.type == "ExternalName" else ""
    addresses = _addresses(spec)
    return Service(
        hostname=service_hostname(service.name, service.namespace),
        namespace=service.namespace,
        name=service.name,
        registry=Registry.KUBERNETES,
        resolution=_resolution(spec),
        ports=tuple(_port(port) for port in spec.ports),
        export_to=exported_to(_listed(annotations.get(EXPORT_TO, "")), service.namespace, mesh),
        address=addresses[0],
        addresses={cluster: addresses},
        mesh_external=bool(external_name),
        labels=service.metadata.labels,
        annotations=annotations,
        selector=spec.selector,
        service_accounts=tuple(_accounts(service, mesh)),
        creation_time=service.metadata.creation_timestamp or NO_CREATION_TIME,
        external_name=external_name,
        object_name=service.name,
        node_local=spec.internal_traffic_policy == "Local",
        publishes_unready=spec.publish_not_ready_addresses,
        traffic_distribution=traffic_distribution(spec.traffic_distribution, annotations, namespace_annotations),
        origin=service.origin,
    )


def _resolution(spec: kubernetes.ServiceSpec) -> Resolution:
    if spec.cluster_ip == kubernetes.HEADLESS:
        return Resolution.PASSTHROUGH
    if spec.type == "ExternalName" and spec.external_name:
        return Resolution.ALIAS
    return Resolution.CLIENT_SIDE_LB


def _addresses(spec: kubernetes.ServiceSpec) -> tuple[str, ...]:
    if spec.cluster_ip in ("", kubernetes.HEADLESS):
        return (UNSPECIFIED_ADDRESS,)
    return spec.cluster_ips if len(spec.cluster_ips) > 1 else (spec.cluster_ip,)


def _port(port: kubernetes.ServicePort) -> ServicePort:
    return ServicePort(
        name=port.name,
        number=port.port,
        protocol=declared_protocol(port.port, port.name, port.protocol, port.app_protocol),
        target=port.effective_target_port,
        transport=port.protocol,
        origin=port.origin,
    )


def _accounts(service: kubernetes.Service, mesh: MeshConfig) -> Iterator[str]:
    annotations = service.metadata.annotations
    if annotations.get(CANONICAL_ACCOUNTS):
        yield from annotations[CANONICAL_ACCOUNTS].split(",")
    if annotations.get(KUBERNETES_ACCOUNTS):
        for account in annotations[KUBERNETES_ACCOUNTS].split(","):
            yield spiffe_id(mesh.trust_domain, service.namespace, account)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",")) if text else ()


def exported_to(export_to: Iterable[str], namespace: str, mesh: MeshConfig) -> frozenset[str]:
    """The namespaces that see a service: its own list, or else the mesh's default. `.` is the service's namespace."""
    return exports.exported_to(tuple(export_to) or mesh.default_service_export_to or (exports.EVERYWHERE,), namespace)


def traffic_distribution(spec: str, annotations: Labels, namespace_annotations: Labels) -> TrafficDistribution:
    """The traffic distribution of a service: its field, else its annotation, else the namespace's annotation."""
    if spec in _EXACT_DISTRIBUTIONS:
        return _DISTRIBUTIONS[spec.lower()]
    for source in (annotations, namespace_annotations):
        word = source.get(TRAFFIC_DISTRIBUTION, "").lower()
        if word:
            return _DISTRIBUTIONS.get(word, TrafficDistribution.ANY)
    return TrafficDistribution.ANY


def with_aliases(services: Iterable[Service]) -> tuple[Service, ...]:
    """The services, each with the ExternalName Services that refer to it directly or through other ExternalNames."""
    given = tuple(services)
    names = {service.hostname: service.external_name for service in given if service.resolution is Resolution.ALIAS}
    if not names:
        return given
    aliases: dict[str, list[tuple[str, str]]] = {}
    for service in given:
        concrete = _concrete(service.hostname, names) if service.resolution is Resolution.ALIAS else None
        if concrete is not None:
            aliases.setdefault(concrete, []).append((service.namespace, service.hostname))
    return tuple(
        replace(s, aliases=tuple((hostname, namespace) for namespace, hostname in sorted(aliases[s.hostname])))
        if s.hostname in aliases
        else s
        for s in given
    )


def _concrete(alias: str, names: Mapping[str, str]) -> str | None:
    """The host that an ExternalName finally refers to; None for a cycle."""
    seen = {alias}
    while alias in names:
        alias = names[alias]
        if alias in seen:
            return None
        seen.add(alias)
    return alias
