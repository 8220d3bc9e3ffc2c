"""The registry's view of a service, whatever it was written as: istiod's `model.Service` and `model.IstioEndpoint`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto

from meshcompile.labels import Labels
from meshcompile.ports import Protocol
from meshcompile.snapshot.resources import NO_CREATION_TIME
from meshcompile.source import NOWHERE, Origin

# The address of a service that has none of its own: a wildcard, not an address to bind for it.
UNSPECIFIED_ADDRESS = "0.0.0.0"
# Values of the label security.istio.io/tlsMode; any other is passed on as it is.
ISTIO_TLS_MODE = "istio"
DISABLED_TLS_MODE = "disabled"


class Registry(StrEnum):
    """Where a service comes from."""

    KUBERNETES = "Kubernetes"
    EXTERNAL = "External"  # ServiceEntry


class Resolution(Enum):
    """How a proxy finds the endpoints of a service."""

    CLIENT_SIDE_LB = auto()  # endpoints are known: EDS
    DNS_LB = auto()  # STRICT_DNS
    DNS_ROUND_ROBIN_LB = auto()  # LOGICAL_DNS
    PASSTHROUGH = auto()  # ORIGINAL_DST: headless, or ServiceEntry with resolution NONE
    DYNAMIC_DNS = auto()  # by SNI or host of each request
    ALIAS = auto()  # ExternalName: only a name of another service


class TrafficDistribution(Enum):
    """`spec.trafficDistribution` of a Service, or its annotation."""

    ANY = auto()
    PREFER_SAME_ZONE = auto()
    PREFER_SAME_NODE = auto()


class Health(StrEnum):
    """Health of an endpoint, in Envoy's words."""

    UNKNOWN = "UNKNOWN"  # not said: ServiceEntry, WorkloadEntry
    HEALTHY = "HEALTHY"
    UNHEALTHY = "UNHEALTHY"
    DRAINING = "DRAINING"
    TERMINATING = "TERMINATING"


@dataclass(frozen=True, slots=True)
class ServicePort:
    """One port of a service."""

    name: str
    number: int
    protocol: Protocol
    target: int | str | None = None  # number or name on the workload; None: the same number
    origin: Origin = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Service:
    """A service of the mesh.

    `addresses` are the VIPs per cluster; `address` is the default VIP, `0.0.0.0` when there is none.
    `export_to` holds namespaces, `*` for all, `.` replaced by the own one, `~` for none.
    """

    hostname: str
    namespace: str
    name: str
    registry: Registry
    resolution: Resolution
    ports: tuple[ServicePort, ...]
    export_to: frozenset[str]
    address: str = UNSPECIFIED_ADDRESS
    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    auto_ipv4: str = ""
    auto_ipv6: str = ""
    mesh_external: bool = False
    labels: Labels = field(default_factory=dict)
    annotations: Labels = field(default_factory=dict)
    selector: Labels = field(default_factory=dict)
    service_accounts: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()  # (hostname, namespace) of ExternalName Services that mean this one
    creation_time: str = NO_CREATION_TIME
    external_name: str = ""
    object_name: str = ""  # name of the Kubernetes or Istio object
    node_local: bool = False  # internalTrafficPolicy: Local
    traffic_distribution: TrafficDistribution = TrafficDistribution.ANY
    dns_connect_race: bool = False  # ServiceEntry annotation networking.istio.io/connect-strategy
    passthrough_target_ports: Mapping[int, int] = field(default_factory=dict)
    origin: Origin = field(default=NOWHERE, repr=False)

    def __hash__(self) -> int:
        """Of what nearly always tells services apart."""
        return hash((self.hostname, self.namespace))

    def port(self, number: int) -> ServicePort | None:
        """The port of this number (a port is looked up by number, then by nothing else)."""
        return next((p for p in self.ports if p.number == number), None)

    @property
    def is_headless(self) -> bool:
        """True for a service without an address of its own whose clients resolve it to its endpoints."""
        return self.resolution is Resolution.PASSTHROUGH


@dataclass(frozen=True, slots=True)
class Workload:
    """What runs behind endpoints: a Pod, a WorkloadEntry, an endpoint of a ServiceEntry.

    `labels` include the topology labels that istiod adds. `locality` is as written (`region/zone/subzone`):
    endpoints are grouped by this text. `ports` are the ports that have a name.
    """

    name: str  # as telemetry calls it: the Deployment's rather than the Pod's
    namespace: str
    addresses: tuple[str, ...] = ()
    labels: Labels = field(default_factory=dict)
    service_account: str = ""  # as SPIFFE identity
    network: str = ""
    locality: str = ""
    cluster: str = ""
    weight: int = 1
    tls_mode: str = DISABLED_TLS_MODE
    ports: Mapping[str, int] = field(default_factory=dict)
    node_name: str = ""
    object_name: str = ""  # of the Pod or WorkloadEntry
    is_pod: bool = False
    origin: Origin = field(default=NOWHERE, repr=False)

    def __hash__(self) -> int:
        """Of what nearly always tells workloads apart."""
        return hash((self.namespace, self.name, self.addresses))

    @property
    def takes_mutual_tls(self) -> bool:
        """True when the workload has a sidecar that takes mutual TLS."""
        return self.tls_mode == ISTIO_TLS_MODE


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address and port of a workload behind one service port.

    An address may be an IP, a host name (DNS services), or the path of a unix socket (then `port` is 0). `legacy_port`
    is the service port's number for endpoints of ServiceEntries: DNS clusters select by it rather than by name.
    """

    workload: Workload
    addresses: tuple[str, ...]
    port: int
    service_port_name: str
    health: Health = Health.UNKNOWN
    legacy_port: int = 0
    origin: Origin = field(default=NOWHERE, repr=False)

    def __hash__(self) -> int:
        """Of what nearly always tells endpoints apart."""
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
