"""`envoy.filters.http.cors`: does nothing by itself; routes configure who may ask from where."""

from meshcompile.envoy.extensions.filters.http.cors import Cors
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.resolve.http_connection import HttpConnection

NAME = "envoy.filters.http.cors"
_FILTER = HttpFilter(name=NAME, typed_config=Cors())


def filters(connection: HttpConnection) -> tuple[HttpFilter, ...]:
    return (_FILTER,)
