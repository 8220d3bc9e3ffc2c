"""Workloads of the workload API. Follows istiod's `ambient/workloads.go`."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from meshcompile.envoy.message import at
from meshcompile.envoy.workload import ApplicationTunnel, Locality, NetworkMode, PortList, Workload, WorkloadHealth
from meshcompile.models.kubernetes.endpoint_slice import Endpoint, EndpointSlice
from meshcompile.models.kubernetes.node import Node
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.networking.service_entry import ServiceEntry
from meshcompile.models.networking.workload_entry import WorkloadEntry, WorkloadEntrySpec
from meshcompile.snapshot.ambient.addresses import ip_text
from meshcompile.snapshot.ambient.index import AmbientIndex
from meshcompile.snapshot.ambient.workloads import AmbientWorkload
from meshcompile.snapshot.kubernetes_services import service_hostname
from meshcompile.snapshot.service import Registry
from meshcompile.snapshot.workload_sources import AUTO_REGISTRATION_GROUP
from meshcompile.snapshot.workloads import workload_name
from meshcompile.values.labels import (
    REGION,
    SUBZONE,
    WORKLOAD_NAME,
    ZONE,
    canonical_name,
    canonical_revision,
    declares_tunnel,
)
from meshcompile.values.localities import locality
from meshcompile.ztunnel.addresses import packed_ip, waypoint_address
from meshcompile.ztunnel.network_gateways import RemoteGateway
from meshcompile.ztunnel.policies import ZtunnelPolicies
from meshcompile.ztunnel.ports import slice_ports, workload_ports

DEFAULT_TRUST_DOMAIN = "cluster.local"


class WorkloadContext(Struct, frozen=True, eq=False):
    """What the messages of workloads depend on.

    `network` is that of the cluster. `trust_domain` is "" if it is the default. `gateways` are by network, the first
    one of each.
    """

    index: AmbientIndex
    policies: ZtunnelPolicies
    nodes: Mapping[str, Node]
    gateways: Mapping[str, RemoteGateway]
    cluster: str
    network: str
    trust_domain: str


class SourceFacts(Struct, frozen=True):
    """What the object behind a workload says. A `weight` of 0 is none."""

    workload_name: str
    service_account: str = ""
    node: str = ""
    locality: Locality | None = None
    status: WorkloadHealth = "HEALTHY"
    network_mode: NetworkMode = "STANDARD"
    weight: int = 0


def workload(of: AmbientWorkload, context: WorkloadContext) -> Workload:
    """The message of a Pod, a WorkloadEntry, or an endpoint of a ServiceEntry."""
    facts, gateway = _facts(of, context), context.gateways.get(of.network)
    services = {"/".join(key): context.index.services[key].service for key in sorted(of.services)}
    made = Workload(
        uid=of.uid,
        name=of.name,
        namespace=of.namespace,
        addresses=tuple(map(packed_ip, of.addresses)),
        hostname=of.hostname,
        network=of.network,
        tunnel_protocol=of.tunnel.value,
        trust_domain=context.trust_domain,
        service_account=facts.service_account,
        waypoint=waypoint_address(of.attachment),
        network_gateway=None if gateway is None else gateway.as_address(),
        node=facts.node,
        canonical_name=canonical_name(of.labels, facts.workload_name),
        canonical_revision=canonical_revision(of.labels),
        workload_type="POD",
        workload_name=facts.workload_name,
        native_tunnel=declares_tunnel(of.labels),
        application_tunnel=_application_tunnel(of),
        services={name: workload_ports(service, of.source) for name, service in services.items()},
        authorization_policies=context.policies.names(of.namespace, of.labels),
        status=facts.status,
        cluster_id=context.cluster,
        locality=facts.locality,
        network_mode=facts.network_mode,
        capacity=facts.weight or None,
    )
    return at(made, of.origin)


def _facts(of: AmbientWorkload, context: WorkloadContext) -> SourceFacts:
    match of.source:
        case Pod():
            return _of_pod(of.source, context.nodes)
        case WorkloadEntry():
            return _of_entry(of.source.spec, _entry_name(of))
        case WorkloadEntrySpec():
            return _of_entry(of.source, of.name)
        case ServiceEntry():
            return SourceFacts(of.name)


def _of_pod(pod: Pod, nodes: Mapping[str, Node]) -> SourceFacts:
    is_ready = next((each.status == "True" for each in pod.status.conditions if each.type == "Ready"), False)
    return SourceFacts(
        workload_name=workload_name(pod),
        service_account=pod.spec.service_account_name,
        node=pod.spec.node_name,
        locality=_of_node(nodes.get(pod.spec.node_name)),
        status="HEALTHY" if is_ready and pod.metadata.deletion_timestamp is None else "UNHEALTHY",
        network_mode="HOST_NETWORK" if pod.spec.host_network else "STANDARD",
    )


def _of_node(node: Node | None) -> Locality | None:
    return None if node is None else _locality(*(node.metadata.labels.get(key, "") for key in (REGION, ZONE, SUBZONE)))


def _of_entry(spec: WorkloadEntrySpec, name: str) -> SourceFacts:
    return SourceFacts(name, spec.service_account, locality=_locality(*locality(spec.locality)), weight=spec.weight)


def _entry_name(of: AmbientWorkload) -> str:
    """The name of the workload of a WorkloadEntry: its group, else its label, else its own name."""
    annotations = of.source.metadata.annotations if isinstance(of.source, WorkloadEntry) else {}
    return annotations.get(AUTO_REGISTRATION_GROUP, of.labels.get(WORKLOAD_NAME, of.name))


def _locality(region: str, zone: str, subzone: str) -> Locality | None:
    return Locality(region=region, zone=zone, subzone=subzone) if region or zone or subzone else None


def _application_tunnel(of: AmbientWorkload) -> ApplicationTunnel | None:
    """How the ztunnel of a waypoint hands connections to it."""
    served = of.attachment.serves
    binding = None if served is None else served.binding
    return None if binding is None else ApplicationTunnel(protocol=binding.protocol.value, port=binding.port)


# ---- endpoints without a Pod


def slice_workloads(source: EndpointSlice, context: WorkloadContext) -> Iterator[Workload]:
    """The addresses of an EndpointSlice that belong to no Pod. Other workloads may share them."""
    key = (source.namespace, service_hostname(source.service_name, source.namespace))
    found = context.index.services.get(key) if source.service_name and source.address_type != "FQDN" else None
    if found is None or found.service.registry is not Registry.KUBERNETES:
        return
    seen: set[str] = set()
    for endpoint in source.endpoints:
        is_of_pod = endpoint.target_ref is not None and endpoint.target_ref.kind == "Pod"
        if is_of_pod or not endpoint.addresses or endpoint.addresses[0] in seen:
            continue
        seen.add(endpoint.addresses[0])
        if all(map(ip_text, endpoint.addresses)):
            services = {"/".join(key): slice_ports(found.service, source)}
            yield at(_slice_workload(source, endpoint, context, services), endpoint.origin)


def _slice_workload(
    source: EndpointSlice, endpoint: Endpoint, context: WorkloadContext, services: Mapping[str, PortList]
) -> Workload:
    return Workload(
        uid=f"{context.cluster}/discovery.k8s.io/EndpointSlice/{source.namespace}/{source.name}/{endpoint.addresses[0]}",
        name=source.name,
        namespace=source.namespace,
        addresses=tuple(map(packed_ip, endpoint.addresses)),
        network=context.network,
        trust_domain=context.trust_domain,
        status="UNHEALTHY" if endpoint.conditions.ready is False else "HEALTHY",
        cluster_id=context.cluster,
        services=services,
        network_mode="HOST_NETWORK",
    )
