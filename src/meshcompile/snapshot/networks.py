"""Networks: the network of an address, and the gateways through which other networks reach it.

Follows istiod's `kube/controller/network.go` and `model/network.go`. istiod resolves host names of gateways in DNS;
this module does not. Where endpoints need an IP address, it uses only gateways that have one.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from math import lcm
from typing import NamedTuple, TypeAlias

from msgspec import Struct, field

from meshcompile.models.kubernetes import service as kubernetes
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.mesh.mesh_networks import MeshNetworks
from meshcompile.snapshot.kubernetes_services import service_hostname
from meshcompile.snapshot.resources import ConfigStore
from meshcompile.snapshot.workloads import WorkloadIndex
from meshcompile.values.ip import is_ip
from meshcompile.values.labels import NETWORK, Labels, selects
from meshcompile.values.ports import Protocol, declared_protocol

GATEWAY_PORT = "networking.istio.io/gatewayPort"
NODE_SELECTOR = "traffic.istio.io/nodeSelector"
DEFAULT_GATEWAY_PORT = 15443
HBONE_GATEWAY_PORT = 15008
NUMBER = re.compile("[-+]?[0-9]+")


class NetworkGateway(NamedTuple):
    """A gateway between networks. `port` is 0 if it only accepts HBONE. Gateways sort as in istiod."""

    address: str
    port: int
    network: str
    cluster: str = ""


class NetworkGateways(Struct, frozen=True, eq=False):
    """Gateways by the network that they lead to."""

    by_network: Mapping[str, tuple[NetworkGateway, ...]]
    by_network_and_cluster: Mapping[tuple[str, str], tuple[NetworkGateway, ...]]
    scale: int  # factor for weights, so that they divide evenly among the gateways of any network

    def __bool__(self) -> bool:
        """True if there are several networks."""
        return bool(self.by_network)

    def towards(self, network: str, cluster: str) -> tuple[NetworkGateway, ...]:
        """The gateways of a network: those in the same cluster if there are any, else all."""
        return self.by_network_and_cluster.get((network, cluster)) or self.by_network.get(network, ())


class NetworkIndex(Struct, frozen=True, eq=False):
    """The networks of addresses and their gateways. `gateways` have an IP address; clusters that resolve host names
    themselves use `unresolved`.
    """

    system: Mapping[str, str]  # of each cluster, from the label of the system namespace
    registries: Mapping[str, str]  # of each cluster, from fromRegistry
    ranges: tuple[tuple[IPv4Network | IPv6Network, str], ...]  # widest first: of nested ranges, the outermost wins
    gateways: NetworkGateways
    unresolved: NetworkGateways
    _by_address: dict[str, str] = field(default_factory=dict)

    def of(self, cluster: str, address: str, labels: Labels) -> str:
        """The network of a Kubernetes workload: its label, else the cluster's label, else the mesh networks."""
        return labels.get(NETWORK) or self.system.get(cluster) or self._by_config(cluster, address)

    def _by_config(self, cluster: str, address: str) -> str:
        if cluster in self.registries:
            return self.registries[cluster]
        if not self.ranges or not is_ip(address):
            return ""
        if address not in self._by_address:
            ip = ip_address(address)
            self._by_address[address] = next((name for cidr, name in self.ranges if ip in cidr), "")
        return self._by_address[address]


def network_index(
    resources: ConfigStore, workloads: WorkloadIndex, networks: MeshNetworks, mesh: MeshConfig
) -> NetworkIndex:
    """The index of the mesh's networks."""
    found = tuple(_found_gateways(resources, workloads, networks, mesh))
    gateways = {gateway for group in found for gateway in group}
    return NetworkIndex(
        system={
            cluster: known.namespace_labels(mesh.root_namespace).get(NETWORK, "")
            for cluster, known in workloads.clusters.items()
        },
        registries={cluster: name for name, cluster in reversed(tuple(_registries(networks)))},
        ranges=tuple(sorted(_ranges(networks), key=lambda entry: (entry[0].prefixlen, entry[1]))),
        gateways=_grouped(gateway for gateway in gateways if is_ip(gateway.address)),
        unresolved=_grouped(_unresolved(found)),
    )


Found: TypeAlias = frozenset[NetworkGateway]
"""The gateways that istiod finds in one object. It reads its gateways again each time."""


def _found_gateways(
    resources: ConfigStore, workloads: WorkloadIndex, networks: MeshNetworks, mesh: MeshConfig
) -> Iterator[Found]:
    """The gateways in the order in which istiod finds them: first those of the mesh networks, then by cluster."""
    yield frozenset(_static_gateways(networks))
    for cluster, of_cluster in ((workloads.config_cluster, resources), *resources.clusters.items()):
        if workloads.of(cluster).namespace_labels(mesh.root_namespace).get(NETWORK):
            yield frozenset()  # the network of the system namespace makes istiod read them again
        yield from _service_gateways(of_cluster, cluster, workloads, networks)
    yield from _listed_gateways(resources, workloads.config_cluster)


def _unresolved(found: Iterable[Found]) -> Found:
    """The gateways for clusters that resolve host names themselves: all known ones, as of the last time that istiod
    found none with an IP address. Else it keeps those of before, by a mistake in `NetworkManager.reload`.
    """
    known = resolved = unresolved = Found()
    for group in found:
        known |= group
        of_ip = frozenset(gateway for gateway in known if is_ip(gateway.address))
        unresolved = known if of_ip == resolved else unresolved
        resolved = of_ip
    return unresolved


def _grouped(gateways: Iterable[NetworkGateway]) -> NetworkGateways:
    by_network: dict[str, tuple[NetworkGateway, ...]] = {}
    by_cluster: dict[tuple[str, str], tuple[NetworkGateway, ...]] = {}
    for gateway in sorted(gateways):
        by_network[gateway.network] = (*by_network.get(gateway.network, ()), gateway)
        key = (gateway.network, gateway.cluster)
        by_cluster[key] = (*by_cluster.get(key, ()), gateway)
    counts = [len(group) for groups in (by_network, by_cluster) for group in groups.values()]
    return NetworkGateways(by_network, by_cluster, lcm(*counts))


def _registries(networks: MeshNetworks) -> Iterator[tuple[str, str]]:
    """The network and cluster of every `fromRegistry`. If several networks name one cluster, the first by name wins."""
    for name, network in sorted(networks.networks.items()):
        yield from ((name, endpoints.from_registry) for endpoints in network.endpoints if endpoints.from_registry)


def _ranges(networks: MeshNetworks) -> Iterator[tuple[IPv4Network | IPv6Network, str]]:
    for name, network in networks.networks.items():
        for endpoints in network.endpoints:
            if endpoints.from_cidr:
                try:
                    yield ip_network(endpoints.from_cidr, strict=False), name
                except ValueError:
                    continue


def _static_gateways(networks: MeshNetworks) -> Iterator[NetworkGateway]:
    for name, network in networks.networks.items():
        for gateway in network.gateways:
            if gateway.address:
                yield NetworkGateway(gateway.address, gateway.port, name)


def _listed_gateways(resources: ConfigStore, cluster: str) -> Iterator[Found]:
    """The addresses of each Gateway of the Gateway API that leads to a network, at each port for other networks."""
    if not resources.by_kind.get("KubernetesGateway"):
        return
    from meshcompile.models.gateway_api.gateway import KubernetesGateway  # for a fast start: few meshes need it
    from meshcompile.snapshot.gateway_api.tls import passes_by_sni

    for gateway in resources.all(KubernetesGateway):
        network = gateway.metadata.labels.get(NETWORK, "")
        addresses = [each.value for each in gateway.spec.addresses if each.type in ("IPAddress", "Hostname")]
        ports = [
            listener.port
            for listener in gateway.spec.listeners
            if listener.protocol == "HBONE" or passes_by_sni(listener, gateway.metadata.labels)
        ]
        if network:
            yield frozenset(NetworkGateway(a, port, network, cluster) for a in addresses for port in ports)


def _service_gateways(
    of_cluster: ConfigStore, cluster: str, workloads: WorkloadIndex, networks: MeshNetworks
) -> Iterator[Found]:
    """The gateways that are Services of a cluster, at each of their addresses outside the cluster."""
    named = {host: tuple(ports) for host, ports in _named_gateways(networks, cluster).items()}
    for service in of_cluster.all(kubernetes.Service):
        ports = _gateway_ports(service, named)
        addresses = _external_addresses(service, workloads, cluster) if ports else ()
        if addresses:
            node_ports = _node_ports(service)
            yield frozenset(
                NetworkGateway(address, node_ports.get(port, port), network, cluster)
                for address in addresses
                for network, port in ports
            )


def _named_gateways(networks: MeshNetworks, cluster: str) -> Mapping[str, list[tuple[str, int]]]:
    """The network and port, by the host name of the Service that `registryServiceName` names, for this cluster's
    networks.
    """
    by_service: dict[str, list[tuple[str, int]]] = {}
    for name, network in networks.networks.items():
        if any(endpoints.from_registry == cluster for endpoints in network.endpoints):
            for gateway in network.gateways:
                if gateway.registry_service_name:
                    by_service.setdefault(gateway.registry_service_name, []).append((name, gateway.port))
    return by_service


def _gateway_ports(
    service: kubernetes.Service, named: Mapping[str, tuple[tuple[str, int], ...]]
) -> tuple[tuple[str, int], ...]:
    """The networks and ports that a Service is a gateway for, from its label or else from the mesh networks."""
    labels = service.metadata.labels
    if not labels.get(NETWORK):
        return named.get(service_hostname(service.name, service.namespace), ())
    text = labels.get(GATEWAY_PORT, "")
    port = int(text) if NUMBER.fullmatch(text) else DEFAULT_GATEWAY_PORT
    numbers = {p.port for p in service.spec.ports if not _is_udp(p)}
    if port in numbers:
        return ((labels[NETWORK], port),)
    return ((labels[NETWORK], 0),) if HBONE_GATEWAY_PORT in numbers else ()


def _is_udp(port: kubernetes.ServicePort) -> bool:
    return declared_protocol(port.port, port.name, port.protocol, port.app_protocol) is Protocol.UDP


def _external_addresses(service: kubernetes.Service, workloads: WorkloadIndex, cluster: str) -> tuple[str, ...]:
    addresses = load_balancer_addresses(service)
    if addresses or not _is_node_port_gateway(service):
        return addresses
    return tuple(_node_addresses(service, workloads, cluster))


def load_balancer_addresses(service: kubernetes.Service) -> tuple[str, ...]:
    """The addresses of a Service's load balancer, and its external IP addresses."""
    balancer = service.status.load_balancer if service.status is not None else None
    ingress = balancer.ingress if balancer is not None and service.spec.type == "LoadBalancer" else ()
    return tuple(address for i in ingress if (address := i.ip or i.hostname)) + service.spec.external_ips


def _is_node_port_gateway(service: kubernetes.Service) -> bool:
    return service.spec.type == "NodePort" and NODE_SELECTOR in service.metadata.annotations


def _node_ports(service: kubernetes.Service) -> Mapping[int, int]:
    return {p.port: p.node_port for p in service.spec.ports} if _is_node_port_gateway(service) else {}


def _node_addresses(service: kubernetes.Service, workloads: WorkloadIndex, cluster: str) -> Iterator[str]:
    selector = _node_selector(service.metadata.annotations[NODE_SELECTOR])
    for node in workloads.of(cluster).nodes.values():
        external = next((a.address for a in node.status.addresses if a.type == "ExternalIP" and a.address), "")
        if external and selects(selector, node.metadata.labels):
            yield external


def _node_selector(text: str) -> Labels:
    try:
        selector = json.loads(text)
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in selector.items()} if isinstance(selector, dict) else {}
