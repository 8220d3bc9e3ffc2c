"""ServiceEntry: a service that no Kubernetes Service declares."""

from typing import Annotated, Literal

from meshcompile.models.base import Node, ProtoEnum
from meshcompile.models.common import IstioResource, IstioStatus, PortNumber, size
from meshcompile.models.networking.common import ApiVersion, WorkloadSelector
from meshcompile.models.networking.workload_entry import WorkloadEntrySpec


class Location(ProtoEnum):
    """Whether the service is part of the mesh. Services inside the mesh are expected to support mutual TLS."""

    MESH_EXTERNAL = "MESH_EXTERNAL"
    MESH_INTERNAL = "MESH_INTERNAL"


class Resolution(ProtoEnum):
    """How a proxy resolves the addresses of the service: the discovery type of its cluster."""

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
    """HTTP, HTTPS, GRPC, HTTP2, MONGO, TCP or TLS. If empty, the protocol is detected."""
    name: Annotated[str, size(256)]
    """Label of the port."""
    target_port: PortNumber = 0
    """Port of the endpoints. 0 means the same as `number`."""


class ServiceEntrySpec(Node):
    """Hosts, how to reach them, and their endpoints."""

    hosts: Annotated[tuple[str, ...], size(256, least=1)]
    """Hostnames. Each becomes a service of its own. A wildcard needs the resolution NONE or DYNAMIC_DNS."""
    addresses: Annotated[tuple[Annotated[str, size(64)], ...], size(256)] = ()
    """Virtual addresses or CIDR ranges that TCP and TLS clients connect to."""
    ports: Annotated[tuple[ServicePort, ...], size(256)] = ()
    """Ports of the service."""
    location: Location = Location.MESH_EXTERNAL
    """Whether the service is part of the mesh."""
    resolution: Resolution = Resolution.NONE
    """How addresses are resolved. NONE forwards to the address that the client connected to."""
    endpoints: Annotated[tuple[WorkloadEntrySpec, ...], size(4096)] = ()
    """Static list of endpoints. Cannot be combined with `workloadSelector`."""
    workload_selector: WorkloadSelector | None = None
    """Pods and workload entries in the same namespace that are the endpoints."""
    export_to: tuple[str, ...] = ()
    """Namespaces that can see the service: `.` for its own, `*` for all, or names. If empty, the mesh-wide default
    applies.
    """
    subject_alt_names: tuple[str, ...] = ()
    """The server's certificate must have one of these names."""


class ServiceEntryAddress(Node):
    """A virtual address that istiod assigned to a host without addresses."""

    value: str = ""
    """IP address."""
    host: str = ""
    """Host that the address is assigned to."""


class ServiceEntryStatus(IstioStatus):
    """Conditions that controllers report, and the addresses that istiod assigned."""

    addresses: tuple[ServiceEntryAddress, ...] = ()
    """Assigned virtual addresses. Proxies that answer DNS queries themselves use them."""


class ServiceEntry(IstioResource):
    """Adds a service to the registry: one outside the mesh, or one with workloads outside Kubernetes."""

    api_version: ApiVersion = "networking.istio.io/v1"
    kind: Literal["ServiceEntry"] = "ServiceEntry"
    spec: ServiceEntrySpec
    status: ServiceEntryStatus | None = None
    """Addresses that istiod assigned, and conditions that controllers report."""
