"""Message types of Envoy, generated from its descriptors by `codegen/generate_envoy.py`.

A module has the name of its protobuf package, without `envoy.` and the version: `envoy.config.route.v3.RouteMatch` is
`meshcompile.envoy.config.route.RouteMatch`. The class of a nested message joins the names:
`RouteAction.HashPolicy.Header` is `RouteActionHashPolicyHeader`.

The most common classes can also be imported from here. Each is imported on first use:

    from meshcompile.envoy import HttpConnectionManager, Route, to_json
"""

from importlib import import_module

TYPE_CHECKING = False  # `typing` alone would take longer to import than all the rest
if TYPE_CHECKING:  # for type checkers and editors; at run time, __getattr__ imports the same names
    from meshcompile.envoy.config.bootstrap import Bootstrap as Bootstrap
    from meshcompile.envoy.config.cluster import CircuitBreakers as CircuitBreakers
    from meshcompile.envoy.config.cluster import Cluster as Cluster
    from meshcompile.envoy.config.cluster import OutlierDetection as OutlierDetection
    from meshcompile.envoy.config.core import Address as Address
    from meshcompile.envoy.config.core import HeaderValueOption as HeaderValueOption
    from meshcompile.envoy.config.core import Locality as Locality
    from meshcompile.envoy.config.core import Metadata as Metadata
    from meshcompile.envoy.config.core import SocketAddress as SocketAddress
    from meshcompile.envoy.config.core import TransportSocket as TransportSocket
    from meshcompile.envoy.config.core import TypedExtensionConfig as TypedExtensionConfig
    from meshcompile.envoy.config.endpoint import ClusterLoadAssignment as ClusterLoadAssignment
    from meshcompile.envoy.config.endpoint import Endpoint as Endpoint
    from meshcompile.envoy.config.endpoint import LbEndpoint as LbEndpoint
    from meshcompile.envoy.config.endpoint import LocalityLbEndpoints as LocalityLbEndpoints
    from meshcompile.envoy.config.listener import Filter as Filter
    from meshcompile.envoy.config.listener import FilterChain as FilterChain
    from meshcompile.envoy.config.listener import FilterChainMatch as FilterChainMatch
    from meshcompile.envoy.config.listener import Listener as Listener
    from meshcompile.envoy.config.listener import ListenerFilter as ListenerFilter
    from meshcompile.envoy.config.route import DirectResponseAction as DirectResponseAction
    from meshcompile.envoy.config.route import HeaderMatcher as HeaderMatcher
    from meshcompile.envoy.config.route import RedirectAction as RedirectAction
    from meshcompile.envoy.config.route import RetryPolicy as RetryPolicy
    from meshcompile.envoy.config.route import Route as Route
    from meshcompile.envoy.config.route import RouteAction as RouteAction
    from meshcompile.envoy.config.route import RouteConfiguration as RouteConfiguration
    from meshcompile.envoy.config.route import RouteMatch as RouteMatch
    from meshcompile.envoy.config.route import VirtualHost as VirtualHost
    from meshcompile.envoy.config.route import WeightedCluster as WeightedCluster
    from meshcompile.envoy.config.route import WeightedClusterClusterWeight as WeightedClusterClusterWeight
    from meshcompile.envoy.extensions.filters.network.http_connection_manager import (
        HttpConnectionManager as HttpConnectionManager,
    )
    from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter as HttpFilter
    from meshcompile.envoy.extensions.filters.network.tcp_proxy import TcpProxy as TcpProxy
    from meshcompile.envoy.extensions.transport_sockets.tls import DownstreamTlsContext as DownstreamTlsContext
    from meshcompile.envoy.extensions.transport_sockets.tls import Secret as Secret
    from meshcompile.envoy.extensions.transport_sockets.tls import UpstreamTlsContext as UpstreamTlsContext
    from meshcompile.envoy.extensions.upstreams.http import HttpProtocolOptions as HttpProtocolOptions
    from meshcompile.envoy.message import Message as Message
    from meshcompile.envoy.message import Packed as Packed
    from meshcompile.envoy.message import Unmodelled as Unmodelled
    from meshcompile.envoy.message import from_json as from_json
    from meshcompile.envoy.message import source_map as source_map
    from meshcompile.envoy.message import to_builtins as to_builtins
    from meshcompile.envoy.message import to_json as to_json
    from meshcompile.envoy.type.matcher import RegexMatcher as RegexMatcher
    from meshcompile.envoy.type.matcher import StringMatcher as StringMatcher

_PLACES = {
    "Address": "config.core",
    "Bootstrap": "config.bootstrap",
    "CircuitBreakers": "config.cluster",
    "Cluster": "config.cluster",
    "ClusterLoadAssignment": "config.endpoint",
    "DirectResponseAction": "config.route",
    "DownstreamTlsContext": "extensions.transport_sockets.tls",
    "Endpoint": "config.endpoint",
    "Filter": "config.listener",
    "FilterChain": "config.listener",
    "FilterChainMatch": "config.listener",
    "HeaderMatcher": "config.route",
    "HeaderValueOption": "config.core",
    "HttpConnectionManager": "extensions.filters.network.http_connection_manager",
    "HttpFilter": "extensions.filters.network.http_connection_manager",
    "HttpProtocolOptions": "extensions.upstreams.http",
    "LbEndpoint": "config.endpoint",
    "Listener": "config.listener",
    "ListenerFilter": "config.listener",
    "Locality": "config.core",
    "LocalityLbEndpoints": "config.endpoint",
    "Message": "message",
    "Metadata": "config.core",
    "OutlierDetection": "config.cluster",
    "Packed": "message",
    "RedirectAction": "config.route",
    "RegexMatcher": "type.matcher",
    "RetryPolicy": "config.route",
    "Route": "config.route",
    "RouteAction": "config.route",
    "RouteConfiguration": "config.route",
    "RouteMatch": "config.route",
    "Secret": "extensions.transport_sockets.tls",
    "SocketAddress": "config.core",
    "StringMatcher": "type.matcher",
    "TcpProxy": "extensions.filters.network.tcp_proxy",
    "TransportSocket": "config.core",
    "TypedExtensionConfig": "config.core",
    "Unmodelled": "message",
    "UpstreamTlsContext": "extensions.transport_sockets.tls",
    "VirtualHost": "config.route",
    "WeightedCluster": "config.route",
    "WeightedClusterClusterWeight": "config.route",
    "from_json": "message",
    "source_map": "message",
    "to_builtins": "message",
    "to_json": "message",
}

__all__ = [*_PLACES]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
