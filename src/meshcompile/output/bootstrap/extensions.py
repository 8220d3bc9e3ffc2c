"""Extensions that a plain Envoy lacks, by the types of their configuration."""

# Extensions of Istio's build.
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

# Only root may set the source address of a connection.
NEEDS_ROOT = frozenset({"envoy.extensions.filters.listener.original_src.v3.OriginalSrc"})
