"""The registry's view of a service, for any source kind: istiod's `model.Service` and `model.IstioEndpoint`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto

import msgspec

from meshcompile.documents import NOWHERE, Origin
from meshcompile.queries import Source
from meshcompile.snapshot.resources import NO_CREATION_TIME
from meshcompile.values.hosts import is_wildcard
from meshcompile.values.labels import Labels
from meshcompile.values.ports import Protocol

# The address of a service without its own address. It is a wildcard, and listeners do not bind to it.
UNSPECIFIED_ADDRESS = "0.0.0.0"
# Values of the label security.istio.io/tlsMode; any other value stays unchanged.
ISTIO_TLS_MODE = "istio"
DISABLED_TLS_MODE = "disabled"


class Registry(StrEnum):
    """The source of a service."""

    KUBERNETES = "Kubernetes"
    EXTERNAL = "External"  # ServiceEntry


class Resolution(Enum):
    """How a proxy finds the endpoints of a service."""

    CLIENT_SIDE_LB = auto()  # endpoints are known: EDS
    DNS_LB = auto()  # STRICT_DNS
    DNS_ROUND_ROBIN_LB = auto()  # LOGICAL_DNS
    PASSTHROUGH = auto()  # ORIGINAL_DST: headless, or ServiceEntry with resolution NONE
    DYNAMIC_DNS = auto()  # by SNI or host of each request
    ALIAS = auto()  # ExternalName: another name of a service


class TrafficDistribution(Enum):
    """`spec.trafficDistribution` of a Service, or its annotation."""

    ANY = auto()
    PREFER_SAME_ZONE = auto()
    PREFER_SAME_NODE = auto()


class Health(StrEnum):
    """The health of an endpoint, in Envoy's terms."""

    UNKNOWN = "UNKNOWN"  # not reported: ServiceEntry, WorkloadEntry
    HEALTHY = "HEALTHY"
    UNHEALTHY = "UNHEALTHY"
    DRAINING = "DRAINING"
    TERMINATING = "TERMINATING"


@dataclass(frozen=True, slots=True)
class ServicePort:
    """One port of a service. `protocol` may come from its name, but `transport` is what Kubernetes calls protocol."""

    name: str
    number: int
    protocol: Protocol
    target: int | str | None = None  # number or name on the workload; None: the same number
    transport: str = "TCP"
    origin: Origin = field(default=NOWHERE, compare=False, repr=False)


class Service(Source, frozen=True):
    """A service of the mesh.

    `addresses` are the VIPs per cluster. `address` is the default VIP, `0.0.0.0` if there is none. `export_to` holds
    namespaces, `*` for all, or `~` for none; `.` is replaced by the service's namespace. `written_export_to` is what a
    ServiceEntry has in its list, without the mesh's default.
    """

    hostname: str
    namespace: str
    name: str
    registry: Registry
    resolution: Resolution
    ports: tuple[ServicePort, ...]
    export_to: frozenset[str]
    written_export_to: frozenset[str] = frozenset()
    address: str = UNSPECIFIED_ADDRESS
    addresses: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    auto_ipv4: str = ""
    auto_ipv6: str = ""
    mesh_external: bool = False
    labels: Labels = msgspec.field(default_factory=dict)
    annotations: Labels = msgspec.field(default_factory=dict)
    selector: Labels = msgspec.field(default_factory=dict)
    service_accounts: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()  # (hostname, namespace) of ExternalName Services that refer to this one
    creation_time: str = NO_CREATION_TIME
    external_name: str = ""
    object_name: str = ""  # name of the Kubernetes or Istio object
    node_local: bool = False  # internalTrafficPolicy: Local
    publishes_unready: bool = False  # publishNotReadyAddresses
    traffic_distribution: TrafficDistribution = TrafficDistribution.ANY
    dns_connect_race: bool = False  # ServiceEntry annotation networking.istio.io/connect-strategy
    needs_waypoint: bool = False  # sidecars do not resolve its hosts
    passthrough_target_ports: Mapping[int, int] = msgspec.field(default_factory=dict)
    origin: Origin = NOWHERE

    def __hash__(self) -> int:
        """A hash of the fields that almost always distinguish services."""
        return hash((self.hostname, self.namespace))

    def port(self, number: int) -> ServicePort | None:
        """The port with this number that is not for UDP; None if there is none. UDP may use the number of another
        port.
        """
        return next((p for p in self.ports if p.number == number and p.protocol is not Protocol.UDP), None)

    def declared_port(self, number: int) -> ServicePort | None:
        """The first port with this number, for UDP or not; None if there is none."""
        return next((p for p in self.ports if p.number == number), None)

    @property
    def is_dynamic(self) -> bool:
        """True for a wildcard host that the Envoy of a sidecar resolves for each request."""
        is_resolved = self.resolution is Resolution.DYNAMIC_DNS and not self.needs_waypoint
        return is_resolved and is_wildcard(self.hostname)

    @property
    def is_headless(self) -> bool:
        """True for a service without its own address whose clients resolve it to its endpoints."""
        return self.resolution is Resolution.PASSTHROUGH


class Workload(msgspec.Struct, frozen=True):
    """The workload of endpoints: a Pod, a WorkloadEntry, or an endpoint of a ServiceEntry.

    `labels` include the topology labels that istiod adds. `locality` is as written (`region/zone/subzone`): endpoints
    are grouped by this text. `ports` are the ports that have a name.
    """

    name: str  # the name in telemetry: the Deployment's, not the Pod's
    namespace: str
    addresses: tuple[str, ...] = ()
    labels: Labels = msgspec.field(default_factory=dict)
    service_account: str = ""  # as SPIFFE identity
    network: str = ""
    locality: str = ""
    cluster: str = ""
    weight: int = 1
    tls_mode: str = DISABLED_TLS_MODE
    ports: Mapping[str, int] = msgspec.field(default_factory=dict)
    node_name: str = ""
    object_name: str = ""  # of the Pod or WorkloadEntry
    dns_name: str = ""  # HOSTNAME.SUBDOMAIN of a Pod with a subdomain
    is_pod: bool = False
    origin: Origin = NOWHERE

    def __hash__(self) -> int:
        """A hash of the fields that almost always distinguish workloads."""
        return hash((self.namespace, self.name, self.addresses))

    @property
    def takes_mutual_tls(self) -> bool:
        """True if the workload has a sidecar that accepts mutual TLS."""
        return self.tls_mode == ISTIO_TLS_MODE


class Endpoint(msgspec.Struct, frozen=True):
    """One address and port of a workload for one service port.

    An address is an IP address, a host name (DNS services), or the path of a Unix domain socket (then `port` is 0).
    `legacy_port` is the service port's number for endpoints of ServiceEntries: DNS clusters select by it and not by
    name.
    """

    workload: Workload
    addresses: tuple[str, ...]
    port: int
    service_port_name: str
    health: Health = Health.UNKNOWN
    legacy_port: int = 0
    origin: Origin = NOWHERE

    def __hash__(self) -> int:
        """A hash of the fields that almost always distinguish endpoints."""
        return hash((self.addresses, self.port, self.service_port_name))

    @property
    def address(self) -> str:
        return self.addresses[0]

    @property
    def labels(self) -> Labels:
        return self.workload.labels

    @property
    def namespace(self) -> str:
        return self.workload.namespace

    @property
    def cluster(self) -> str:
        return self.workload.cluster

    @property
    def mtls(self) -> bool:
        return self.workload.takes_mutual_tls


def always_sends_unhealthy(service: Service) -> bool:
    """Whether clients always get the unhealthy endpoints of a service: they decide when to leave their zone."""
    return service.traffic_distribution is not TrafficDistribution.ANY
