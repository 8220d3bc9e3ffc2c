"""Messages of the workload API, which ztunnel subscribes to: `istio.workload` in istiod's `pkg/workloadapi`.

istiod sends each workload and each service as an Address. `extensions` are left out, since istiod sets none.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from meshcompile.envoy.message import Base64, Message

AppProtocol: TypeAlias = Literal["UNKNOWN", "HTTP11", "HTTP2", "GRPC", "TCP", "TLS"]
LoadBalancingScope: TypeAlias = Literal["REGION", "ZONE", "SUBZONE", "NODE", "CLUSTER", "NETWORK"]
LoadBalancingMode: TypeAlias = Literal["UNSPECIFIED_MODE", "STRICT", "FAILOVER", "PASSTHROUGH"]
HealthPolicy: TypeAlias = Literal["ONLY_HEALTHY", "ALLOW_ALL"]
IpFamilies: TypeAlias = Literal["AUTOMATIC", "IPV4_ONLY", "IPV6_ONLY", "DUAL"]
WorkloadTunnel: TypeAlias = Literal["NONE", "HBONE"]
WorkloadHealth: TypeAlias = Literal["HEALTHY", "UNHEALTHY"]
NetworkMode: TypeAlias = Literal["STANDARD", "HOST_NETWORK"]
WorkloadType: TypeAlias = Literal["DEPLOYMENT", "CRONJOB", "POD", "JOB"]


class NetworkAddress(Message, frozen=True, kw_only=True):
    """istio.workload.NetworkAddress: an IP address in a network, or the range that begins with it."""

    network: str = ""
    address: Base64 = ""
    length: int | None = None


class NamespacedHostname(Message, frozen=True, kw_only=True):
    """istio.workload.NamespacedHostname."""

    namespace: str = ""
    hostname: str = ""


class GatewayAddress(Message, frozen=True, kw_only=True):
    """istio.workload.GatewayAddress: a waypoint, or a gateway of another network."""

    hostname: NamespacedHostname | None = None
    address: NetworkAddress | None = None
    hbone_mtls_port: int = 0


class ApplicationTunnel(Message, frozen=True, kw_only=True):
    """istio.workload.ApplicationTunnel: how ztunnel hands connections to a workload."""

    protocol: Literal["NONE", "PROXY"] = "NONE"
    port: int = 0


class Locality(Message, frozen=True, kw_only=True):
    """istio.workload.Locality."""

    region: str = ""
    zone: str = ""
    subzone: str = ""


class Port(Message, frozen=True, kw_only=True):
    """istio.workload.Port: a port of a service, and where it leads. Only ports of services have a protocol."""

    service_port: int = 0
    target_port: int = 0
    app_protocol: AppProtocol = "UNKNOWN"


class PortList(Message, frozen=True, kw_only=True):
    """istio.workload.PortList."""

    ports: tuple[Port, ...] = ()


class LoadBalancing(Message, frozen=True, kw_only=True):
    """istio.workload.LoadBalancing."""

    routing_preference: tuple[LoadBalancingScope, ...] = ()
    mode: LoadBalancingMode = "UNSPECIFIED_MODE"
    health_policy: HealthPolicy = "ONLY_HEALTHY"


class Workload(Message, frozen=True, kw_only=True):
    """istio.workload.Workload: what listens at an address. `services` are by `namespace/hostname`."""

    uid: str = ""
    name: str = ""
    namespace: str = ""
    addresses: tuple[Base64, ...] = ()
    hostname: str = ""
    network: str = ""
    tunnel_protocol: WorkloadTunnel = "NONE"
    trust_domain: str = ""
    service_account: str = ""
    waypoint: GatewayAddress | None = None
    network_gateway: GatewayAddress | None = None
    node: str = ""
    canonical_name: str = ""
    canonical_revision: str = ""
    workload_type: WorkloadType = "DEPLOYMENT"
    workload_name: str = ""
    native_tunnel: bool = False
    application_tunnel: ApplicationTunnel | None = None
    services: Mapping[str, PortList] = {}
    authorization_policies: tuple[str, ...] = ()
    status: WorkloadHealth = "HEALTHY"
    cluster_id: str = ""
    locality: Locality | None = None
    network_mode: NetworkMode = "STANDARD"
    capacity: int | None = None


ServiceVisibility = Literal["PUBLIC", "NAMESPACE"]


class WeightedWaypoint(Message, frozen=True, kw_only=True):
    """istio.workload.WeightedWaypoint: one of several waypoints, and its share of the connections."""

    destination: GatewayAddress | None = None
    weight: int = 0


class Service(Message, frozen=True, kw_only=True):
    """istio.workload.Service: a host with its addresses and ports."""

    name: str = ""
    namespace: str = ""
    hostname: str = ""
    addresses: tuple[NetworkAddress, ...] = ()
    ports: tuple[Port, ...] = ()
    subject_alt_names: tuple[str, ...] = ()
    waypoint: GatewayAddress | None = None
    load_balancing: LoadBalancing | None = None
    ip_families: IpFamilies = "AUTOMATIC"
    canonical: bool = False
    ingress_use_waypoint: bool = False
    weighted_waypoints: tuple[WeightedWaypoint, ...] = ()
    visibility: ServiceVisibility = "PUBLIC"


class WorkloadApiAddress(Message, frozen=True, kw_only=True):
    """istio.workload.Address: one of the two."""

    workload: Workload | None = None
    service: Service | None = None
