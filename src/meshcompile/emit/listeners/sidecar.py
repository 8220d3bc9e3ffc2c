"""The listeners of a sidecar.

Follows istiod's `buildListenerFromEntry`, `buildInboundListener` and its functions for virtual listeners.
"""

from meshcompile.emit.access_log import listener_access_logs
from meshcompile.emit.address import additional_addresses, address
from meshcompile.emit.durations import duration
from meshcompile.emit.filter_chain import filter_chain
from meshcompile.emit.filters.listener.inspectors import (
    ORIGINAL_DESTINATION,
    ORIGINAL_SOURCE,
    except_on_ports,
    http_inspector,
    on_ports,
    tls_inspector,
)
from meshcompile.emit.listeners.balance import EXACT_BALANCE
from meshcompile.envoy.config.listener import FilterChain as FilterChainMessage
from meshcompile.envoy.config.listener import (
    FilterChainMatch,
    ListenerFilter,
    ListenerFilterChainMatchPredicate,
    ListenerInternalListenerConfig,
)
from meshcompile.envoy.config.listener import Listener as Message
from meshcompile.envoy.message import at
from meshcompile.queries import derived
from meshcompile.resolve.listeners.filter_chain import FilterChain
from meshcompile.resolve.listeners.inspection import Inspection, Inspector
from meshcompile.resolve.listeners.proxy_listeners import Listener


@derived
def listener(resolved: Listener) -> Message:
    """The message of a listener."""
    if resolved.internal:
        return at(_internal(resolved), resolved.origins)
    if resolved.inbound:
        return at(_inbound(resolved), resolved.origins)
    return at(_virtual_outbound(resolved) if resolved.virtual else _outbound(resolved), resolved.origins)


def _outbound(resolved: Listener) -> Message:
    return Message(
        name=resolved.name,
        address=address(resolved.binds[0], resolved.port),
        additional_addresses=additional_addresses(resolved.binds[1:], resolved.port),
        traffic_direction="OUTBOUND",
        continue_on_listener_filters_timeout=True,
        connection_balance_config=EXACT_BALANCE if resolved.exact_balance else None,
        max_connections_to_accept_per_socket_event=1 if resolved.bind_to_port else None,
        bind_to_port=None if resolved.bind_to_port else False,
        listener_filters=_inspectors(resolved.inspection),
        listener_filters_timeout=duration(resolved.detection_timeout),
        filter_chains=tuple(filter_chain(chain) for chain in resolved.chains),
        default_filter_chain=None if resolved.default is None else _default_chain(resolved.default),
    )


def _default_chain(chain: FilterChain) -> FilterChainMessage:
    message = filter_chain(chain)
    return _for_the_rest(message) if chain.match is None else message


def _for_the_rest(chain: FilterChainMessage) -> FilterChainMessage:
    """The default chain. istiod gives it an empty match."""
    return FilterChainMessage(name=chain.name, filter_chain_match=FilterChainMatch(), filters=chain.filters)


def _virtual_outbound(resolved: Listener) -> Message:
    return Message(
        name=resolved.name,
        address=address(resolved.binds[0], resolved.port),
        transparent=True if resolved.transparent else None,
        use_original_dst=True,
        listener_filters=_inspectors(resolved.inspection),
        filter_chains=tuple(filter_chain(chain) for chain in resolved.chains),
        traffic_direction="OUTBOUND",
        max_connections_to_accept_per_socket_event=1,
        access_log=() if resolved.telemetry is None else listener_access_logs(resolved.telemetry),
    )


def _inbound(resolved: Listener) -> Message:
    return Message(
        name=resolved.name,
        address=address(resolved.binds[0], resolved.port),
        traffic_direction="INBOUND",
        continue_on_listener_filters_timeout=True,
        max_connections_to_accept_per_socket_event=1,
        connection_balance_config=EXACT_BALANCE if resolved.exact_balance else None,
        transparent=True if resolved.transparent else None,
        access_log=() if resolved.telemetry is None else listener_access_logs(resolved.telemetry),
        filter_chains=tuple(filter_chain(chain) for chain in resolved.chains),
        listener_filters=_inbound_filters(resolved),
        listener_filters_timeout=duration(resolved.detection_timeout),
    )


def _internal(resolved: Listener) -> Message:
    return Message(
        name=resolved.name,
        internal_listener=ListenerInternalListenerConfig(),
        traffic_direction="INBOUND",
        continue_on_listener_filters_timeout=True,
        access_log=() if resolved.telemetry is None else listener_access_logs(resolved.telemetry),
        filter_chains=tuple(filter_chain(chain) for chain in resolved.chains),
        listener_filters=(ORIGINAL_DESTINATION, *_inspectors(resolved.inspection)),
    )


def _inbound_filters(resolved: Listener) -> tuple[ListenerFilter, ...]:
    original_source = (ORIGINAL_SOURCE,) if resolved.transparent else ()
    return (
        *((ORIGINAL_DESTINATION, *original_source) if resolved.virtual else ()),
        *_inspectors(resolved.inspection),
    )


def _inspectors(inspection: Inspection) -> tuple[ListenerFilter, ...]:
    return (
        *(() if inspection.tls is None else (tls_inspector(_disabled(inspection.tls)),)),
        *(() if inspection.http is None else (http_inspector(_disabled(inspection.http)),)),
    )


def _disabled(inspector: Inspector) -> ListenerFilterChainMatchPredicate | None:
    """The ports on which an inspector is disabled."""
    return except_on_ports(inspector.ports) if inspector.only else on_ports(inspector.ports)
