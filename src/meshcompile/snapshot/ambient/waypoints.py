"""Waypoints: the Gateways that have an address.

Follows istiod's `ambient/waypoints.go`. istiod does not look at the class of the Gateway: whatever has an address in
its status can be used as a waypoint. A Gateway whose Service is assumed has the address that istiod would give it.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum, StrEnum
from typing import TypeAlias

from msgspec import Struct

from meshcompile.documents import NOWHERE, Origin
from meshcompile.models.gateway_api.gateway import GatewayClass, KubernetesGateway, Listener
from meshcompile.models.kubernetes.base import LabelSelector
from meshcompile.models.kubernetes.service import Service
from meshcompile.snapshot.ambient.addresses import HostnameAddress, NetworkAddress, WaypointAddress, ip_text
from meshcompile.snapshot.discovery import is_selected
from meshcompile.snapshot.resources import ConfigStore
from meshcompile.snapshot.workloads import ClusterWorkloads
from meshcompile.values.hosts import qualified
from meshcompile.values.labels import Labels

GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
WAYPOINT_FOR = "istio.io/waypoint-for"
INBOUND_BINDING = "ambient.istio.io/waypoint-inbound-binding"
HBONE_PORT = 15008
_PROXY_PROTOCOL = "istio.io/PROXY"
"""The protocol of a listener for a waypoint behind a ztunnel that sends it the PROXY protocol."""


class TrafficType(StrEnum):
    """The traffic that a waypoint handles. istiod takes any other text, which nothing matches."""

    SERVICE = "service"
    WORKLOAD = "workload"
    ALL = "all"
    NONE = "none"


class BindingProtocol(StrEnum):
    """How ztunnel hands connections to a waypoint that has an inbound binding."""

    NONE = "NONE"
    PROXY = "PROXY"


class InboundBinding(Struct, frozen=True):
    """The annotation `ambient.istio.io/waypoint-inbound-binding`. Port 0 means the original port."""

    protocol: BindingProtocol
    port: int = 0


class FromNamespaces(Enum):
    """The namespaces whose objects may use a waypoint."""

    ALL = "All"
    SELECTOR = "Selector"
    SAME = "Same"


class AllowedNamespaces(Struct, frozen=True):
    """The namespaces whose objects may use a waypoint. Without a selector, SELECTOR allows none."""

    from_namespaces: FromNamespaces = FromNamespaces.SAME
    selector: LabelSelector | None = None

    def includes(self, namespace: str, labels: Labels, own: str) -> bool:
        """True if objects of a namespace with these labels may use a waypoint of the namespace `own`."""
        match self.from_namespaces:
            case FromNamespaces.ALL:
                return True
            case FromNamespaces.SELECTOR:
                return self.selector is not None and is_selected(self.selector, labels)
            case FromNamespaces.SAME:
                return namespace == own


class Waypoint(Struct, frozen=True, eq=False):
    """A Gateway with an address.

    `traffic_type` is a `TrafficType`, or another text, which no traffic matches. `service_accounts` are those of its
    Pods, sorted. `address` is None if the status has only addresses of other types.
    """

    namespace: str
    name: str
    address: WaypointAddress | None
    traffic_type: str
    allowed: AllowedNamespaces
    binding: InboundBinding | None = None
    service_accounts: tuple[str, ...] = ()
    origin: Origin = NOWHERE

    @property
    def full_name(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"

    def handles(self, traffic: TrafficType) -> bool:
        """True if the waypoint handles this type of traffic."""
        return self.traffic_type in (traffic, TrafficType.ALL)


def waypoints(resources: ConfigStore, workloads: ClusterWorkloads, network: str) -> Mapping[tuple[str, str], Waypoint]:
    """The waypoints by namespace and name. `network` is the network of the cluster."""
    classes = {each.name: each for each in resources.all(GatewayClass)}
    accounts, hosts = _accounts(workloads), _hosts_of_assumed_services(resources)
    found: dict[tuple[str, str], Waypoint] = {}
    for gateway in resources.all(KubernetesGateway):
        addresses = status_addresses(gateway) or hosts.get(gateway.origin, ())
        if addresses:
            address = _address(gateway.namespace, addresses, network)
            found[gateway.namespace, gateway.name] = _waypoint(gateway, address, classes, accounts)
    return found


Addresses: TypeAlias = tuple[tuple[str, str], ...]
"""The type and value of each address of a Gateway."""


def _hosts_of_assumed_services(resources: ConfigStore) -> Mapping[Origin, Addresses]:
    """The addresses that istiod writes when it has made the Service of a Gateway, by the place of the Gateway.

    What is assumed for a Gateway has its place.
    """
    made = (service for service in resources.all(Service) if GATEWAY_NAME in service.metadata.labels)
    return {each.origin: (("Hostname", qualified(each.name, each.namespace)),) for each in made}


def status_addresses(gateway: KubernetesGateway) -> Addresses:
    """The addresses in the status of a Gateway. The default type is `IPAddress`."""
    listed = gateway.status.get("addresses")
    found = listed if isinstance(listed, Iterable) and not isinstance(listed, str) else ()
    return tuple(
        (str(each.get("type") or "IPAddress"), str(each.get("value", "")))
        for each in found
        if isinstance(each, Mapping)
    )


def _accounts(workloads: ClusterWorkloads) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """The service accounts of the Pods of each Gateway."""
    accounts: dict[tuple[str, str], list[str]] = {}
    for (namespace, _), pod in workloads.pods.items():
        gateway = pod.metadata.labels.get(GATEWAY_NAME)
        if gateway is not None:
            accounts.setdefault((namespace, gateway), []).append(pod.spec.service_account)
    return {key: tuple(sorted(found)) for key, found in accounts.items()}


def _waypoint(
    gateway: KubernetesGateway,
    address: WaypointAddress | None,
    classes: Mapping[str, GatewayClass],
    accounts: Mapping[tuple[str, str], tuple[str, ...]],
) -> Waypoint:
    gateway_class = classes.get(gateway.spec.gateway_class_name)
    sources = (gateway,) if gateway_class is None else (gateway, gateway_class)
    labels = (each.metadata.labels for each in sources)
    annotations = (each.metadata.annotations for each in sources)
    binding = _binding(next((each[INBOUND_BINDING] for each in annotations if INBOUND_BINDING in each), ""))
    return Waypoint(
        namespace=gateway.namespace,
        name=gateway.name,
        address=address,
        traffic_type=next((each[WAYPOINT_FOR] for each in labels if WAYPOINT_FOR in each), TrafficType.SERVICE),
        allowed=_allowed(gateway, binding),
        binding=binding,
        service_accounts=accounts.get((gateway.namespace, gateway.name), ()),
        origin=gateway.origin,
    )


def _address(namespace: str, addresses: Addresses, network: str) -> WaypointAddress | None:
    """The first host name, else the first valid IP address."""
    hosts = (HostnameAddress(namespace, value) for kind, value in addresses if kind == "Hostname")
    ips = (NetworkAddress(network, ip) for kind, value in addresses if kind == "IPAddress" and (ip := ip_text(value)))
    return next(hosts, None) or next(ips, None)


def _binding(text: str) -> InboundBinding | None:
    """The inbound binding in an annotation: a protocol, and a port after `/`. None if it is not valid."""
    protocol, *ports = text.split("/")
    if protocol not in ("NONE", "PROXY") or len(ports) > 1:
        return None
    port = ports[0] if ports else ""
    return InboundBinding(BindingProtocol(protocol), int(port) if port.isdecimal() and port.isascii() else 0)


def _allowed(gateway: KubernetesGateway, binding: InboundBinding | None) -> AllowedNamespaces:
    """The namespaces that the bound listener allows, or else the listener for HBONE."""
    hbone = (each for each in gateway.spec.listeners if each.protocol == "HBONE" and each.port == HBONE_PORT)
    listener = next(_bound_listeners(gateway, binding), None) or next(hbone, None)
    return AllowedNamespaces() if listener is None else _allowed_by(listener)


def _bound_listeners(gateway: KubernetesGateway, binding: InboundBinding | None) -> Iterator[Listener]:
    match binding:
        case InboundBinding(port=port) if port:
            yield from (each for each in gateway.spec.listeners if each.port == port)
        case InboundBinding(protocol=BindingProtocol.PROXY):
            yield from (each for each in gateway.spec.listeners if each.protocol == _PROXY_PROTOCOL)
        case _:
            return


def _allowed_by(listener: Listener) -> AllowedNamespaces:
    namespaces = listener.allowed_routes.namespaces
    match namespaces.from_:
        case "All":
            return AllowedNamespaces(FromNamespaces.ALL)
        case "Selector":
            return AllowedNamespaces(FromNamespaces.SELECTOR, namespaces.selector)
        case _:
            return AllowedNamespaces(FromNamespaces.SAME)
