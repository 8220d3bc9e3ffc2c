"""Listener filters, which inspect a connection before Envoy chooses its filter chain.

Follows istiod's `populateListenerFilters`.
"""

from collections.abc import Iterable

from meshcompile.envoy.config.listener import (
    ListenerFilter,
    ListenerFilterChainMatchPredicate,
    ListenerFilterChainMatchPredicateMatchSet,
)
from meshcompile.envoy.extensions.filters.listener.http_inspector import HttpInspector
from meshcompile.envoy.extensions.filters.listener.original_dst import OriginalDst
from meshcompile.envoy.extensions.filters.listener.original_src import OriginalSrc
from meshcompile.envoy.extensions.filters.listener.proxy_protocol import ProxyProtocol
from meshcompile.envoy.extensions.filters.listener.tls_inspector import TlsInspector
from meshcompile.envoy.type import Int32Range

ORIGINAL_DESTINATION = ListenerFilter(name="envoy.filters.listener.original_dst", typed_config=OriginalDst())
# The proxy's connections have the client's address. The mark lets iptables distinguish them.
ORIGINAL_SOURCE = ListenerFilter(name="envoy.filters.listener.original_src", typed_config=OriginalSrc(mark=1337))
PROXY_PROTOCOL = ListenerFilter(name="envoy.filters.listener.proxy_protocol", typed_config=ProxyProtocol())


def tls_inspector(disabled: ListenerFilterChainMatchPredicate | None = None) -> ListenerFilter:
    """Reads SNI and ALPN from the first bytes, except on disabled ports."""
    return ListenerFilter(
        name="envoy.filters.listener.tls_inspector",
        typed_config=TlsInspector(initial_read_buffer_size=512),
        filter_disabled=disabled,
    )


def http_inspector(disabled: ListenerFilterChainMatchPredicate | None = None) -> ListenerFilter:
    """Detects HTTP in the first bytes, except on disabled ports."""
    return ListenerFilter(
        name="envoy.filters.listener.http_inspector", typed_config=HttpInspector(), filter_disabled=disabled
    )


def on_ports(ports: Iterable[int]) -> ListenerFilterChainMatchPredicate | None:
    """Matches these destination ports; None without ports."""
    ranges = tuple(
        ListenerFilterChainMatchPredicate(destination_port_range=Int32Range(start=port, end=port + 1))
        for port in sorted(ports)
    )
    if len(ranges) < 2:
        return ranges[0] if ranges else None
    return ListenerFilterChainMatchPredicate(or_match=ListenerFilterChainMatchPredicateMatchSet(rules=ranges))


def except_on_ports(ports: Iterable[int]) -> ListenerFilterChainMatchPredicate | None:
    """Matches every destination port except these; None without ports."""
    there = on_ports(ports)
    return None if there is None else ListenerFilterChainMatchPredicate(not_match=there)
