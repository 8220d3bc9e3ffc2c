"""`envoy.filters.http.grpc_web`: gRPC from browsers, on ports that declare it."""

from meshcompile.envoy.extensions.filters.http.grpc_web import GrpcWeb
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.resolve.listeners.http_connection import HttpFilterInputs, HttpTraits
from meshcompile.values.ports import Protocol

NAME = "envoy.filters.http.grpc_web"
_FILTER = HttpFilter(name=NAME, typed_config=GrpcWeb())


def filters(traits: HttpTraits, inputs: HttpFilterInputs) -> tuple[HttpFilter, ...]:
    return (_FILTER,) if inputs.protocol is Protocol.GRPC_WEB else ()
