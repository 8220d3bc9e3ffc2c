"""`envoy.filters.http.grpc_web`: browsers' gRPC, on ports that declare it."""

from meshcompile.envoy.extensions.filters.http.grpc_web import GrpcWeb
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.ports import Protocol
from meshcompile.resolve.http_connection import HttpConnection

NAME = "envoy.filters.http.grpc_web"
_FILTER = HttpFilter(name=NAME, typed_config=GrpcWeb())


def filters(connection: HttpConnection) -> tuple[HttpFilter, ...]:
    return (_FILTER,) if connection.protocol is Protocol.GRPC_WEB else ()
