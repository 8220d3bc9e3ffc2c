"""The listeners of a gateway. Follows istiod's `buildGatewayListener`."""

from meshcompile.emit.access_log import listener_access_logs
from meshcompile.emit.address import address
from meshcompile.emit.filter_chain import filter_chain
from meshcompile.emit.filters.listener.inspectors import PROXY_PROTOCOL, tls_inspector
from meshcompile.emit.listeners.balance import EXACT_BALANCE
from meshcompile.envoy.config.listener import (
    Listener,
    ListenerFilter,
)
from meshcompile.envoy.message import at
from meshcompile.resolve.gateways.listeners import GatewayListener


def gateway_listener(resolved: GatewayListener) -> Listener:
    """The message of a listener."""
    return at(
        Listener(
            name=resolved.name,
            address=address(resolved.bind, resolved.port),
            filter_chains=tuple(map(filter_chain, resolved.chains)),
            listener_filters=_listener_filters(resolved),
            traffic_direction="OUTBOUND",
            per_connection_buffer_limit_bytes=resolved.buffer,
            access_log=listener_access_logs(resolved.telemetry),
            connection_balance_config=EXACT_BALANCE if resolved.exact_balance else None,
            max_connections_to_accept_per_socket_event=1,
        ),
        tuple(dict.fromkeys(origin for chain in resolved.chains for origin in chain.origins)),
    )


def _listener_filters(resolved: GatewayListener) -> tuple[ListenerFilter, ...]:
    """The listener filters. Envoy reads the PROXY protocol header before any other data."""
    proxy_protocol = (PROXY_PROTOCOL,) if resolved.proxy_protocol else ()
    return (*proxy_protocol, tls_inspector()) if resolved.inspects_tls else proxy_protocol
