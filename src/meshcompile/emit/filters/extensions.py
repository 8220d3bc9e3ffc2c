"""The filters of extensions: Envoy discovers Wasm modules, and has Lua scripts in place.

Follows istiod's `toEnvoyHTTPTrafficExtension` and `toEnvoyNetworkTrafficExtension`.
"""

from meshcompile.emit.config_sources import OVER_ADS
from meshcompile.envoy.config.core import DataSource, ExtensionConfigSource
from meshcompile.envoy.config.listener import Filter
from meshcompile.envoy.extensions.filters.http.lua import Lua
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.envoy.message import TYPE_URL, at
from meshcompile.resolve.extensions import ListenerExtension


def _discovered(layer: str) -> ExtensionConfigSource:
    """Discovery of a module.

    When the agent cannot fetch the module, it answers with a filter that rejects all traffic.
    """
    filters = f"{TYPE_URL}envoy.extensions.filters.{layer}"
    return ExtensionConfigSource(
        config_source=OVER_ADS, type_urls=(f"{filters}.wasm.v3.Wasm", f"{filters}.rbac.v3.RBAC")
    )


_HTTP = _discovered("http")
_NETWORK = _discovered("network")


def http_filter(extension: ListenerExtension) -> HttpFilter:
    """The HTTP filter of an extension."""
    if extension.script is None:
        return at(HttpFilter(name=extension.name, config_discovery=_HTTP), extension.origin)
    script = Lua(default_source_code=DataSource(inline_string=extension.script))
    return at(HttpFilter(name=extension.name, typed_config=script), extension.origin)


def network_filter(extension: ListenerExtension) -> Filter:
    """The network filter of an extension, which is never a Lua script."""
    return at(Filter(name=extension.name, config_discovery=_NETWORK), extension.origin)
