"""The HTTP filters of TrafficExtensions and WasmPlugins. Each phase has its position in the chain."""

from msgspec import Struct

from meshcompile.emit.filters.extensions import http_filter
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.resolve.extensions import ExecutionPhase
from meshcompile.resolve.listeners.http_connection import HttpFilterInputs, HttpTraits


class HttpExtensionPhase(Struct, frozen=True):
    """The HTTP extensions of one phase."""

    phase: ExecutionPhase

    def filters(self, traits: HttpTraits, inputs: HttpFilterInputs) -> tuple[HttpFilter, ...]:
        extensions = traits.extensions.http
        return tuple(http_filter(extension) for extension in extensions.on(self.phase, inputs.extension_port))


AUTHN = HttpExtensionPhase(ExecutionPhase.AUTHN)
AUTHZ = HttpExtensionPhase(ExecutionPhase.AUTHZ)
STATS = HttpExtensionPhase(ExecutionPhase.STATS)
UNSPECIFIED = HttpExtensionPhase(ExecutionPhase.UNSPECIFIED)
