"""`envoy.filters.http.fault`: does nothing by itself; routes configure delays and aborts."""

from meshcompile.envoy.extensions.filters.http.fault import HTTPFault
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.resolve.http_connection import HttpConnection

NAME = "envoy.filters.http.fault"
_FILTER = HttpFilter(name=NAME, typed_config=HTTPFault())


def filters(connection: HttpConnection) -> tuple[HttpFilter, ...]:
    return (_FILTER,)
