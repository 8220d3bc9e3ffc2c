"""Which extensions a plain Envoy does not have, and how to recognise them."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

TYPED_STRUCTS = frozenset({"udpa.type.v1.TypedStruct", "xds.type.v3.TypedStruct"})

# Extensions of Istio's build, by the type of their configuration.
ISTIO_ONLY = frozenset(
    {
        "stats.PluginConfig",  # istio.stats
        "io.istio.http.peer_metadata.Config",  # istio.metadata_exchange, over HTTP
        "envoy.tcp.metadataexchange.config.MetadataExchange",  # istio.metadata_exchange, over TCP
        "envoy.extensions.network_filters.peer_metadata.Config",
        "envoy.extensions.network_filters.peer_metadata.UpstreamConfig",
        "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig",  # istio.alpn
        "envoy.extensions.filters.network.mysql_proxy.v3.MySQLProxy",  # of Envoy's contrib build
    }
)

WASM = frozenset({"envoy.extensions.filters.http.wasm.v3.Wasm", "envoy.extensions.filters.network.wasm.v3.Wasm"})

# Clusters that look up whatever name they are asked for.
RESOLVING = frozenset({"envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig"})

# Only root may set the source address of a connection.
NEEDS_ROOT = frozenset({"envoy.extensions.filters.listener.original_src.v3.OriginalSrc"})


def type_of(config: Json) -> str:
    """The type of a packed configuration, also of one that is written as a TypedStruct."""
    name = _name(config.get("@type", ""))
    return _name(config.get("typeUrl", "")) if name in TYPED_STRUCTS else name


def _name(url: str) -> str:
    return url.rpartition("/")[2]
