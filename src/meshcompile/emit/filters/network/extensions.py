"""The network filters of TrafficExtensions and WasmPlugins. Each phase has its position in the chain."""

from msgspec import Struct

from meshcompile.emit.filters.extensions import network_filter
from meshcompile.envoy.config.listener import Filter
from meshcompile.resolve.extensions import ExecutionPhase
from meshcompile.resolve.listeners.http_connection import HttpConnection
from meshcompile.resolve.listeners.tcp_connection import TcpConnection


class NetworkExtensionPhase(Struct, frozen=True):
    """The network extensions of one phase."""

    phase: ExecutionPhase

    def filters(self, connection: TcpConnection | HttpConnection) -> tuple[Filter, ...]:
        extensions = connection.traits.extensions.network
        return tuple(network_filter(extension) for extension in extensions.on(self.phase, connection.port))


AUTHN = NetworkExtensionPhase(ExecutionPhase.AUTHN)
AUTHZ = NetworkExtensionPhase(ExecutionPhase.AUTHZ)
STATS = NetworkExtensionPhase(ExecutionPhase.STATS)
UNSPECIFIED = NetworkExtensionPhase(ExecutionPhase.UNSPECIFIED)
ALL = (AUTHN, AUTHZ, STATS, UNSPECIFIED)
