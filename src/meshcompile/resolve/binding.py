"""Which addresses and ports a listener may bind. Follows istiod's `Proxy.CanBindToPort`."""

from dataclasses import dataclass

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.ports import Protocol
from meshcompile.proxy import Proxy
from meshcompile.resolve.view import View

# Ports that only privileged processes may open; 0 is none.
PRIVILEGED = range(1, 1024)


@dataclass(frozen=True, slots=True)
class ReservedPorts:
    """Ports of the proxy's own listeners: status and metrics, and the two that iptables redirects to."""

    own: frozenset[int]
    virtual: frozenset[int]

    @property
    def all(self) -> frozenset[int]:
        return self.own | self.virtual


def reserved_ports(view: View) -> ReservedPorts:
    """The reserved ports of a proxy."""
    return ReservedPorts(own=_own_ports(view.proxy), virtual=_virtual_ports(view.snapshot.mesh))


def can_bind(
    proxy: Proxy, reserved: frozenset[int], *, bind_to_port: bool, bind: str, port: int, protocol: Protocol
) -> bool:
    """True when a listener may take `bind:port`.

    Ports below 1024 are out of reach for an unprivileged proxy that really opens them. Reserved ports are only out of
    reach for listeners on every address: explicitly, or because HTTP shares one listener per port.
    """
    if bind_to_port and port in PRIVILEGED and proxy.flag("UNPRIVILEGED_POD"):
        return False
    on_every_address = bind == proxy.wildcard if bind else protocol.is_http
    return not (on_every_address and port in reserved)


def _own_ports(proxy: Proxy) -> frozenset[int]:
    named = (str(proxy.metadata.get(key, "")) for key in ("ENVOY_STATUS_PORT", "ENVOY_PROMETHEUS_PORT"))
    return frozenset(int(port) for port in named if port.isdecimal())


def _virtual_ports(mesh: MeshConfig) -> frozenset[int]:
    return frozenset({mesh.proxy_listen_port, mesh.proxy_inbound_listen_port})
