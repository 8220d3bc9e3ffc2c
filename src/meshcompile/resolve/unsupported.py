"""Features of istiod that meshcompile does not support, reported for each proxy that they affect."""

from collections.abc import Iterator

from meshcompile.codes.proxies import UNREADABLE_METADATA, UNSUPPORTED_WAYPOINT
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin
from meshcompile.node_metadata import unreadable_metadata
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.resolve.scope.proxy_config import proxy_config_findings


def unsupported(proxy: Proxy) -> Iterator[Diagnostic]:
    """The reasons why the configuration of this proxy is less than what istiod would send."""
    node = Origin(Document("<node>", proxy.metadata))
    for unreadable in unreadable_metadata(proxy.metadata):
        yield UNREADABLE_METADATA(
            node.at(unreadable.key), proxy=proxy.id, key=unreadable.key, expected=unreadable.expected
        )
    yield from proxy_config_findings(proxy)
    if proxy.type is ProxyType.WAYPOINT:
        yield UNSUPPORTED_WAYPOINT(node, proxy=proxy.id, namespace=proxy.namespace, name=proxy.name)
