"""`envoy.filters.http.router`: the last filter, which sends the request."""

from meshcompile.envoy.extensions.filters.http.router import Router
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.resolve.listeners.http_connection import HttpFilterInputs, HttpTraits

NAME = "envoy.filters.http.router"
_FILTER = HttpFilter(name=NAME, typed_config=Router())
_WITHOUT_DEBUG_HEADERS = HttpFilter(name=NAME, typed_config=Router(suppress_envoy_headers=True))


def filters(traits: HttpTraits, inputs: HttpFilterInputs) -> tuple[HttpFilter, ...]:
    return (router(traits.envoy_debug_headers),)


def router(debug_headers: bool) -> HttpFilter:
    """The filter, with Envoy's debug headers or without."""
    return _FILTER if debug_headers else _WITHOUT_DEBUG_HEADERS
