"""Istio's ALPN filter: the protocols that the proxy offers to the server, by the HTTP version that it speaks."""

from collections.abc import Mapping

from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import Metadata
from meshcompile.envoy.istio import AlpnFilterConfig
from meshcompile.simulate.course import Course, HttpFilterConfig, Passed

FILTER = "istio.alpn"
VERSIONS = {"HTTP10": "HTTP/1.0", "HTTP11": "HTTP/1.1", "HTTP2": "HTTP/2"}


def alpn(filter_: HttpFilterConfig, course: Course) -> Passed:
    """The request with a note of the protocols."""
    if not isinstance(filter_.config, AlpnFilterConfig):
        yield course
        return
    offers = {VERSIONS[each.upstream_protocol]: each.alpn_override for each in filter_.config.alpn_override}
    yield course.with_stream(course.stream.with_metadata(FILTER, offers))


def offered_protocols(
    cluster: Cluster, version: str, configured: tuple[str, ...], metadata: Mapping[str, Mapping[str, object]]
) -> tuple[str, ...]:
    """The protocols in the handshake with a server: of the filter, unless the cluster declines, else of the cluster."""
    declined = (cluster.metadata or Metadata()).filter_metadata.get("istio", {}).get("alpn_override") == "false"
    override = metadata.get(FILTER, {}).get(version)
    if declined or not isinstance(override, tuple):
        return configured
    return override
