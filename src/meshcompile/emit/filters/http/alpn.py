"""`istio.alpn`: tells the server the client's HTTP version in the TLS handshake."""

from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.envoy.istio import AlpnFilterConfig, AlpnOverride
from meshcompile.resolve.listeners.http_connection import HttpFilterInputs, HttpTraits
from meshcompile.resolve.listeners.traffic import TrafficClass

NAME = "istio.alpn"
# "istio" is for servers that know no more than that; the last is for servers outside of the mesh.
_FILTER = HttpFilter(
    name=NAME,
    typed_config=AlpnFilterConfig(
        alpn_override=(
            AlpnOverride(upstream_protocol="HTTP10", alpn_override=("istio-http/1.0", "istio", "http/1.0")),
            AlpnOverride(upstream_protocol="HTTP11", alpn_override=("istio-http/1.1", "istio", "http/1.1")),
            AlpnOverride(upstream_protocol="HTTP2", alpn_override=("istio-h2", "istio", "h2")),
        )
    ),
)


def filters(traits: HttpTraits, inputs: HttpFilterInputs) -> tuple[HttpFilter, ...]:
    return () if traits.traffic_class is TrafficClass.SIDECAR_INBOUND else (_FILTER,)
