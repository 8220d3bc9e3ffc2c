"""Findings about a proxy itself: reasons why it gets less than istiod would send, or than its user expects."""

from collections.abc import Iterator

from meshcompile.codes.proxies import UNREADABLE_METADATA, WAYPOINT_OUTSIDE_OF_AMBIENT
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin
from meshcompile.node_metadata import unreadable_metadata
from meshcompile.proxy import Proxy
from meshcompile.resolve.scope.proxy_config import proxy_config_findings


def proxy_findings(proxy: Proxy, *, ambient: bool) -> Iterator[Diagnostic]:
    """The findings about a proxy in a mesh, which is ambient or not."""
    node = Origin(Document("<node>", proxy.metadata))
    for unreadable in unreadable_metadata(proxy.metadata):
        yield UNREADABLE_METADATA(
            node.at(unreadable.key), proxy=proxy.id, key=unreadable.key, expected=unreadable.expected
        )
    yield from proxy_config_findings(proxy)
    if proxy.is_waypoint and not ambient:
        yield WAYPOINT_OUTSIDE_OF_AMBIENT(node, proxy=proxy.id, namespace=proxy.namespace, name=proxy.name)
