"""Which addresses and ports a listener can bind. Follows istiod's `Proxy.CanBindToPort`."""

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.proxy import Proxy
from meshcompile.queries import Key
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.ports import Protocol

# Ports that only privileged processes can bind; 0 is not a port.
PRIVILEGED = range(1, 1024)


class BindLimits(Key, frozen=True):
    """The ports that the listeners of a proxy cannot use.

    `own` are the ports of the proxy's status and metrics listeners. `virtual` are the two ports that iptables redirects
    to. An `unprivileged` proxy cannot bind ports below 1024.
    """

    own: frozenset[int]
    virtual: frozenset[int]
    unprivileged: bool
    wildcard: str

    @property
    def all(self) -> frozenset[int]:
        return self.own | self.virtual


def bind_limits(proxy: Proxy, snapshot: Snapshot) -> BindLimits:
    """The bind limits of a proxy."""
    own = _own_ports(proxy, secure_metrics=snapshot.behaviour.secure_metrics_ports)
    return BindLimits(own, _virtual_ports(snapshot.mesh), proxy.node_metadata.unprivileged_pod, proxy.wildcard)


def can_bind(
    limits: BindLimits, reserved: frozenset[int], *, bind_to_port: bool, bind: str, port: int, protocol: Protocol
) -> bool:
    """True when a listener can bind `bind:port`.

    `reserved` are the ports that are unavailable on every address. A listener uses every address if it says so, or
    because HTTP shares one listener per port.
    """
    if bind_to_port and port in PRIVILEGED and limits.unprivileged:
        return False
    on_every_address = bind == limits.wildcard if bind else protocol.is_http
    return not (on_every_address and port in reserved)


def _own_ports(proxy: Proxy, *, secure_metrics: bool) -> frozenset[int]:
    metadata = proxy.node_metadata
    secured = (metadata.envoy_secure_metrics_port, metadata.envoy_secure_merged_metrics_port) if secure_metrics else ()
    ports = (metadata.envoy_status_port, metadata.envoy_prometheus_port, *secured)
    return frozenset(port for port in ports if port)


def _virtual_ports(mesh: MeshConfig) -> frozenset[int]:
    return frozenset({mesh.proxy_listen_port, mesh.proxy_inbound_listen_port})
