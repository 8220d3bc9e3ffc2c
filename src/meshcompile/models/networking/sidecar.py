"""Sidecar: what a sidecar proxy listens to and which services it knows."""

from typing import Literal

from pydantic import Field

from meshcompile.models.base import Node, ProtoEnum
from meshcompile.models.common import IstioResource, UInt32
from meshcompile.models.networking.common import ApiVersion, WorkloadSelector
from meshcompile.models.networking.destination_rule import ConnectionPoolSettings
from meshcompile.models.networking.gateway import ServerTLSSettings
from meshcompile.models.networking.virtual_service import Destination


class CaptureMode(ProtoEnum):
    """How traffic reaches a listener: caught by iptables, or sent to its port."""

    DEFAULT = "DEFAULT"
    IPTABLES = "IPTABLES"
    NONE = "NONE"


class SidecarPort(Node):
    """A port of a listener."""

    number: UInt32 = 0
    """Port number; 0 for a Unix socket."""
    protocol: str = ""
    """Protocol spoken on the port; decides the filters of the listener."""
    name: str = ""
    """Label of the port."""
    target_port: UInt32 = 0
    """Deprecated, without effect."""


class IstioIngressListener(Node):
    """A port on which the workload is reached: an inbound filter chain and its cluster."""

    port: SidecarPort
    """Port that clients send to."""
    bind: str = ""
    """Address to listen on."""
    capture_mode: CaptureMode = CaptureMode.DEFAULT
    """How traffic is caught; NONE opens the port itself."""
    default_endpoint: str = ""
    """Where the application listens: `127.0.0.1:port`, `[::1]:port`, `0.0.0.0:port` for the pod's address,
    or `unix://` path."""
    tls: ServerTLSSettings | None = None
    """TLS of the port, where peer authentication is disabled."""
    connection_pool: ConnectionPoolSettings | None = None
    """Limits towards the application on this port."""


class IstioEgressListener(Node):
    """Services that the workload reaches, on all ports or through one port."""

    port: SidecarPort | None = None
    """Port to open; if absent, the listener is for the ports of its services that no other one names."""
    bind: str = ""
    """Address or `unix://` path to listen on."""
    capture_mode: CaptureMode = CaptureMode.DEFAULT
    """How traffic is caught; NONE opens the port itself."""
    hosts: tuple[str, ...]
    """Services and rules to import, as `namespace/host`; `.` is the own namespace, `*` any, `~` none."""


class OutboundTrafficPolicyMode(ProtoEnum):
    """What happens to traffic for unknown hosts."""

    REGISTRY_ONLY = "REGISTRY_ONLY"
    ALLOW_ANY = "ALLOW_ANY"


class OutboundTrafficPolicy(Node):
    """What happens to traffic for unknown hosts."""

    mode: OutboundTrafficPolicyMode = OutboundTrafficPolicyMode.REGISTRY_ONLY
    """Drop it (`BlackHoleCluster`, `block_all`), or let it pass (`PassthroughCluster`, `allow_any`)."""
    egress_proxy: Destination | None = None
    """Service that it is sent to instead, for example an egress gateway."""


class SidecarSpec(Node):
    """What the sidecars of some workloads listen to and know."""

    workload_selector: WorkloadSelector | None = None
    """Workloads of its namespace; if absent, all, or in the root namespace the default of every namespace."""
    ingress: tuple[IstioIngressListener, ...] = ()
    """Ports on which the workload is reached; the ports of its services if empty."""
    egress: tuple[IstioEgressListener, ...] = ()
    """Services that the workload knows; all that are exported to it if empty."""
    inbound_connection_pool: ConnectionPoolSettings | None = None
    """Limits towards the application on every port."""
    outbound_traffic_policy: OutboundTrafficPolicy | None = None
    """What happens to traffic for unknown hosts; the mesh's setting if absent."""


class Sidecar(IstioResource):
    """Limits what sidecars are sent, and fine-tunes their listeners."""

    api_version: ApiVersion = "networking.istio.io/v1"
    kind: Literal["Sidecar"] = "Sidecar"
    spec: SidecarSpec = Field(default_factory=SidecarSpec)
