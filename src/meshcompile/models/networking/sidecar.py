"""Sidecar: the ports that a sidecar proxy opens and the services that it can reach."""

from typing import Literal

from pydantic import Field

from meshcompile.models.base import Node, ProtoEnum
from meshcompile.models.common import IstioResource, UInt32
from meshcompile.models.networking.common import ApiVersion, WorkloadSelector
from meshcompile.models.networking.destination_rule import ConnectionPoolSettings
from meshcompile.models.networking.gateway import ServerTLSSettings
from meshcompile.models.networking.virtual_service import Destination


class CaptureMode(ProtoEnum):
    """How traffic reaches a listener: iptables redirects it, or the client sends it to the port."""

    DEFAULT = "DEFAULT"
    IPTABLES = "IPTABLES"
    NONE = "NONE"


class SidecarPort(Node):
    """A port of a listener."""

    number: UInt32 = 0
    """Port number. 0 for a Unix domain socket."""
    protocol: str = ""
    """Protocol of the port. It determines the filters of the listener."""
    name: str = ""
    """Label of the port."""
    target_port: UInt32 = 0
    """Deprecated. It has no effect."""


class IstioIngressListener(Node):
    """A port that receives inbound traffic: an inbound filter chain and its cluster."""

    port: SidecarPort
    """Port that clients connect to."""
    bind: str = ""
    """Address to listen on."""
    capture_mode: CaptureMode = CaptureMode.DEFAULT
    """How traffic is captured. With NONE the proxy binds to the port itself."""
    default_endpoint: str = ""
    """Address of the application: `127.0.0.1:port`, `[::1]:port`, `0.0.0.0:port` for the pod's IP address, or `unix://`
    and a path.
    """
    tls: ServerTLSSettings | None = None
    """TLS settings of the port. They apply only where mutual TLS is disabled by PeerAuthentication."""
    connection_pool: ConnectionPoolSettings | None = None
    """Connection settings towards the application on this port."""


class IstioEgressListener(Node):
    """Services that the workload can reach, through one port or through all."""

    port: SidecarPort | None = None
    """Port to open. If absent, the listener applies to all service ports that no other egress listener names."""
    bind: str = ""
    """IP address or `unix://` path to listen on."""
    capture_mode: CaptureMode = CaptureMode.DEFAULT
    """How traffic is captured. With NONE the proxy binds to the port itself."""
    hosts: tuple[str, ...]
    """Services and virtual services to import, as `namespace/host`. As namespace, `.` is the Sidecar's own, `*` is any,
    `~` is none.
    """


class OutboundTrafficPolicyMode(ProtoEnum):
    """How traffic to unknown hosts is handled."""

    REGISTRY_ONLY = "REGISTRY_ONLY"
    ALLOW_ANY = "ALLOW_ANY"


class OutboundTrafficPolicy(Node):
    """How traffic to unknown hosts is handled."""

    mode: OutboundTrafficPolicyMode = OutboundTrafficPolicyMode.REGISTRY_ONLY
    """REGISTRY_ONLY drops it (`BlackHoleCluster`, `block_all`). ALLOW_ANY forwards it (`PassthroughCluster`,
    `allow_any`).
    """
    egress_proxy: Destination | None = None
    """Service that receives the traffic instead, for example an egress gateway."""


class SidecarSpec(Node):
    """Inbound and outbound listeners of sidecar proxies."""

    workload_selector: WorkloadSelector | None = None
    """Workloads in the namespace of the Sidecar. If absent, the whole namespace or, in the root namespace, every
    namespace without a Sidecar of its own.
    """
    ingress: tuple[IstioIngressListener, ...] = ()
    """Inbound listeners. If empty, the ports of the workload's services."""
    egress: tuple[IstioEgressListener, ...] = ()
    """Outbound listeners and the services to import. If empty, all services that are exported to the namespace."""
    inbound_connection_pool: ConnectionPoolSettings | None = None
    """Connection settings towards the application, for every port."""
    outbound_traffic_policy: OutboundTrafficPolicy | None = None
    """How traffic to unknown hosts is handled. If absent, the mesh-wide setting applies."""


class Sidecar(IstioResource):
    """Limits the configuration that sidecars receive, and fine-tunes their listeners."""

    api_version: ApiVersion = "networking.istio.io/v1"
    kind: Literal["Sidecar"] = "Sidecar"
    spec: SidecarSpec = Field(default_factory=SidecarSpec)
