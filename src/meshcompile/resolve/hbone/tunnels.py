"""Both ends of HBONE tunnels: the clusters and listeners that open them, and those that they end at.

Follows istiod's `buildConnectOriginate`, `buildInternalUpstreamCluster`, `buildConnectForwarder` and
`buildConnectTerminateListener`.
"""

from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.proxy import Proxy
from meshcompile.queries import Source
from meshcompile.resolve.listeners.http_connection import HttpTraits
from meshcompile.resolve.security.downstream_tls import Secret, accepted_trust_domains, proxy_secrets
from meshcompile.resolve.telemetry import Telemetry
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.durations import Duration
from meshcompile.values.names import CONNECT_ORIGINATE, INNER_CONNECT_ORIGINATE, MAIN_INTERNAL, OUTER_CONNECT_ORIGINATE

IDLE_TIMEOUT = Duration.of_seconds(3600)


class TunnelTls(Struct, frozen=True):
    """The mutual TLS of a tunnel, at either end. The identity of the peer has one of the prefixes, if there are any."""

    certificate: Secret
    roots: Secret
    identity_prefixes: tuple[str, ...]


def tunnel_tls(mesh: MeshConfig, proxy: Proxy) -> TunnelTls:
    """The mutual TLS of the tunnels of a proxy, to and from every workload of the mesh."""
    secrets = proxy_secrets(proxy)
    prefixes = tuple(f"spiffe://{domain}/" for domain in accepted_trust_domains(mesh))
    return TunnelTls(secrets.certificate, secrets.roots, prefixes)


def accepts_tunnels(snapshot: Snapshot, proxy: Proxy) -> bool:
    """True for a sidecar at which tunnels end."""
    return snapshot.ambient and proxy.is_sidecar and proxy.node_metadata.enable_hbone


# ---- clusters


class ConnectCluster(Struct, frozen=True):
    """The cluster that opens tunnels, to the HBONE port of the original destination or of its waypoint.

    The outer one of two tunnels leads to a gateway of another network, and not `to_waypoints`. It is for one inner
    tunnel (`max_requests`); 0 means no limit.
    """

    name: str
    connect_timeout: Duration | None
    idle_timeout: Duration
    tls: TunnelTls
    to_waypoints: bool = True
    max_requests: int = 0


class InternalCluster(Struct, frozen=True):
    """A cluster whose only endpoint is an internal listener of the same proxy."""

    name: str
    listener: str


class InnerConnectCluster(Struct, frozen=True):
    """The cluster that opens the inner one of two tunnels, through the listener that opens the outer one."""

    idle_timeout: Duration
    tls: TunnelTls
    name: str = INNER_CONNECT_ORIGINATE
    listener: str = OUTER_CONNECT_ORIGINATE
    max_requests: int = 1


TunnelCluster: TypeAlias = ConnectCluster | InnerConnectCluster | InternalCluster


def connect_cluster(name: str, mesh: MeshConfig, tls: TunnelTls) -> ConnectCluster:
    """The cluster that opens the tunnels of a proxy."""
    return ConnectCluster(name, mesh.connect_timeout, idle_timeout(mesh), tls)


def double_tunnel_clusters(mesh: MeshConfig, tls: TunnelTls) -> tuple[TunnelCluster, ...]:
    """The clusters that open one tunnel inside of another, to other networks."""
    inner = InnerConnectCluster(idle_timeout(mesh), tls)
    outer = connect_cluster(OUTER_CONNECT_ORIGINATE, mesh, tls)
    return (inner, replace(outer, to_waypoints=False, max_requests=1))


def idle_timeout(mesh: MeshConfig) -> Duration:
    """The idle timeout of tunnels."""
    return IDLE_TIMEOUT if mesh.hbone_idle_timeout is None else mesh.hbone_idle_timeout


# ---- listeners


class ConnectOriginate(Source, frozen=True):
    """The internal listener that sends each connection through a tunnel of the cluster with its name."""

    telemetry: Telemetry
    name: str = CONNECT_ORIGINATE


class InnerConnectOriginate(Source, frozen=True):
    """The internal listener that opens the inner one of two tunnels. `network` is that of the proxy."""

    telemetry: Telemetry
    network: str
    hashable_state: bool
    name: str = INNER_CONNECT_ORIGINATE


class OuterConnectOriginate(Source, frozen=True):
    """The internal listener that opens the outer one of two tunnels. `source` says who opens it."""

    telemetry: Telemetry
    source: str
    name: str = OUTER_CONNECT_ORIGINATE


class ConnectTerminate(Source, frozen=True):
    """The listener at which tunnels end. It sends what they carry to `cluster`, which is internal.

    With `hashable_state`, the state that connections carry takes part in the choice of an upstream connection.
    """

    binds: tuple[str, ...]
    traits: HttpTraits
    tls: TunnelTls
    hashable_state: bool
    cluster: str = MAIN_INTERNAL


def connect_terminate(mesh: MeshConfig, proxy: Proxy, traits: HttpTraits) -> ConnectTerminate:
    """The listener at which the tunnels to a proxy end. `traits` are those of its inbound HTTP connections."""
    return ConnectTerminate(proxy.wildcards, traits, tunnel_tls(mesh, proxy), proxy.capabilities.hashable_state)


TunnelListener: TypeAlias = ConnectOriginate | InnerConnectOriginate | OuterConnectOriginate | ConnectTerminate
