"""ServiceEntry: a service that no Kubernetes Service declares."""

from typing import Annotated, Literal

from meshcompile.models.base import Node, ProtoEnum
from meshcompile.models.common import IstioResource, IstioStatus, PortNumber, size
from meshcompile.models.networking.common import ApiVersion, WorkloadSelector
from meshcompile.models.networking.workload_entry import WorkloadEntrySpec


class Location(ProtoEnum):
    """Whether a service is part of the mesh: inside, mutual TLS is expected."""

    MESH_EXTERNAL = "MESH_EXTERNAL"
    MESH_INTERNAL = "MESH_INTERNAL"


class Resolution(ProtoEnum):
    """How a proxy finds the addresses of a service: the discovery type of its cluster."""

    NONE = "NONE"
    STATIC = "STATIC"
    DNS = "DNS"
    DNS_ROUND_ROBIN = "DNS_ROUND_ROBIN"
    DYNAMIC_DNS = "DYNAMIC_DNS"


class ServicePort(Node):
    """A port of a service."""

    number: PortNumber
    """Number that clients use."""
    protocol: Annotated[str, size(256)] = ""
    """HTTP, HTTPS, GRPC, HTTP2, MONGO, TCP or TLS; detected if empty."""
    name: Annotated[str, size(256)]
    """Label of the port."""
    target_port: PortNumber = 0
    """Port of the endpoints; 0 means `number`."""


class ServiceEntrySpec(Node):
    """Hosts, how to reach them and what is behind them."""

    hosts: Annotated[tuple[str, ...], size(256, least=1)]
    """Names of the service, each a service of its own; a wildcard needs resolution NONE or DYNAMIC_DNS."""
    addresses: Annotated[tuple[Annotated[str, size(64)], ...], size(256)] = ()
    """Virtual addresses or CIDR ranges that TCP and TLS clients connect to."""
    ports: Annotated[tuple[ServicePort, ...], size(256)] = ()
    """Ports of the service."""
    location: Location = Location.MESH_EXTERNAL
    """Whether the service is part of the mesh."""
    resolution: Resolution = Resolution.NONE
    """How its addresses are found; NONE forwards to the address that the client connected to."""
    endpoints: Annotated[tuple[WorkloadEntrySpec, ...], size(4096)] = ()
    """Endpoints, written out; excludes `workloadSelector`."""
    workload_selector: WorkloadSelector | None = None
    """Pods and workload entries of its namespace that are the endpoints."""
    export_to: tuple[str, ...] = ()
    """Namespaces that see the service: `.` its own, `*` all, or names; the mesh's default if empty."""
    subject_alt_names: tuple[str, ...] = ()
    """Names of which the server's certificate must carry one."""


class ServiceEntryAddress(Node):
    """A virtual address that istiod has given to a host without any."""

    value: str = ""
    """IP address."""
    host: str = ""
    """Host that it belongs to."""


class ServiceEntryStatus(IstioStatus):
    """Observations of controllers, and the addresses that istiod has given."""

    addresses: tuple[ServiceEntryAddress, ...] = ()
    """Automatic virtual addresses, used by proxies that answer DNS themselves."""


class ServiceEntry(IstioResource):
    """Adds a service to the registry: one outside the mesh, or one of workloads outside Kubernetes."""

    api_version: ApiVersion = "networking.istio.io/v1"
    kind: Literal["ServiceEntry"] = "ServiceEntry"
    spec: ServiceEntrySpec
    status: ServiceEntryStatus | None = None
    """Addresses that istiod has given, and observations of controllers."""
