"""What patches ask of listeners and what is in them, condition by condition, in istiod's order."""

from collections.abc import Iterator, Sequence

from meshcompile.envoy.config.listener import Filter, FilterChain, FilterChainMatch, Listener
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.models.networking.envoy_filter import ApplyTo
from meshcompile.patch.patcher import Check, Checks
from meshcompile.resolve.envoy_filters import Condition, Patch

VIRTUAL_LISTENERS = frozenset({"virtualInbound", "virtualOutbound"})
NO_CRITERIA = FilterChainMatch()


def listener_checks(patch: Patch, listener: Listener) -> Iterator[Check]:
    """What a patch asks of a listener. The ports of virtual listeners are those of their filter chains."""
    match = patch.match.listener
    if match is None:
        return
    yield Condition.LISTENER_NAME, match.name in ("", listener.name), (listener.name,)
    if patch.apply_to is ApplyTo.LISTENER or listener.name not in VIRTUAL_LISTENERS:
        yield Condition.LISTENER_PORT, match.port_number in (0, _port(listener)), (_port(listener),)


def _port(listener: Listener) -> int | None:
    """The port that a listener is bound to; None for one that is not bound to a port."""
    address = listener.address.socket_address if listener.address else None
    return None if address is None else address.port_value or 0


def chain_checks(patch: Patch, listener: Listener, chain: FilterChain) -> Iterator[Check]:
    """What a patch asks of a filter chain."""
    match = patch.match.listener
    if match is None:
        return
    criteria = chain.filter_chain_match or NO_CRITERIA
    port = criteria.destination_port
    if listener.name in VIRTUAL_LISTENERS:
        yield Condition.LISTENER_PORT, match.port_number in (0, port), (port,)
    wanted = match.filter_chain
    if wanted is None:
        return
    protocols = wanted.application_protocols.split(",") if wanted.application_protocols else ()
    yield Condition.CHAIN_NAME, wanted.name in ("", chain.name), (chain.name,)
    yield Condition.CHAIN_SNI, not wanted.sni or wanted.sni in criteria.server_names, criteria.server_names
    transport = criteria.transport_protocol
    yield Condition.CHAIN_TRANSPORT, wanted.transport_protocol in ("", transport), (transport,)
    found = criteria.application_protocols
    yield Condition.CHAIN_PROTOCOLS, set(protocols) <= set(found), found
    yield Condition.CHAIN_PORT, wanted.destination_port in (0, port), (port,)


def filter_checks(filters: Sequence[Filter], index: int) -> Checks:
    """What patches ask of a network filter, under the name that it has by then."""

    def checks(patch: Patch) -> Iterator[Check]:
        name = filters[index].name
        yield Condition.FILTER, filter_name(patch) in (None, name), (name,)

    return checks


def sub_filter_checks(filters: Sequence[HttpFilter], index: int) -> Checks:
    """What patches ask of an HTTP filter, under the name that it has by then."""

    def checks(patch: Patch) -> Iterator[Check]:
        name = filters[index].name
        yield Condition.SUB_FILTER, sub_filter_name(patch) in (None, name), (name,)

    return checks


def filter_name(patch: Patch) -> str | None:
    """The network filter that a patch is about; None for any."""
    listener = patch.match.listener
    chain = listener.filter_chain if listener else None
    return chain.filter.name if chain and chain.filter else None


def sub_filter_name(patch: Patch) -> str | None:
    """The HTTP filter that a patch is about; None for any."""
    listener = patch.match.listener
    chain = listener.filter_chain if listener else None
    sub_filter = chain.filter.sub_filter if chain and chain.filter else None
    return sub_filter.name if sub_filter else None
