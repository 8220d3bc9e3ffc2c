"""The internal listener of a waypoint. Follows istiod's `buildWaypointInternal` and its package `match`."""

from collections.abc import Iterable, Mapping

from meshcompile.emit.access_log import listener_access_logs
from meshcompile.emit.filter_chain import filter_chain
from meshcompile.emit.filters.listener.inspectors import (
    ORIGINAL_DESTINATION,
    http_inspector,
    on_ports,
    tls_inspector,
)
from meshcompile.envoy.config.listener import Listener, ListenerFilter, ListenerInternalListenerConfig
from meshcompile.envoy.extensions.matching.common_inputs.network import (
    ApplicationProtocolInput,
    DestinationIPInput,
    DestinationPortInput,
)
from meshcompile.envoy.message import at
from meshcompile.envoy.protobuf import StringValue
from meshcompile.envoy.xds.core import CidrRange, TypedExtensionConfig
from meshcompile.envoy.xds.type.matcher import (
    IPMatcher,
    IPMatcherIPRangeMatcher,
    Matcher,
    MatcherMatcherTree,
    MatcherMatcherTreeMatchMap,
    MatcherOnMatch,
)
from meshcompile.queries import derived
from meshcompile.resolve.listeners.inspection import Inspection
from meshcompile.resolve.waypoint.main_internal import AddressMatch, ChainsByProtocol, MainInternal
from meshcompile.values.names import MAIN_INTERNAL

_PORT = TypedExtensionConfig(name="port", typed_config=DestinationPortInput())
_ADDRESS = TypedExtensionConfig(name="ip", typed_config=DestinationIPInput())
_PROTOCOL = TypedExtensionConfig(name="application-protocol", typed_config=ApplicationProtocolInput())
# What the HTTP inspector calls HTTP/2 without TLS, and HTTP/1.1.
_HTTP = ("'h2c'", "'http/1.1'")


@derived
def main_internal(resolved: MainInternal) -> Listener:
    """The message of the listener."""
    return at(
        Listener(
            name=MAIN_INTERNAL,
            internal_listener=ListenerInternalListenerConfig(),
            listener_filters=(ORIGINAL_DESTINATION, *_inspectors(resolved.inspection)),
            traffic_direction="INBOUND",
            filter_chains=tuple(map(filter_chain, resolved.chains)),
            filter_chain_matcher=_by_address(resolved.addresses),
            access_log=listener_access_logs(resolved.telemetry),
        ),
        resolved.origins,
    )


def _inspectors(inspection: Inspection) -> tuple[ListenerFilter, ...]:
    return (
        *(() if inspection.http is None else (http_inspector(on_ports(inspection.http.ports)),)),
        *(() if inspection.tls is None else (tls_inspector(on_ports(inspection.tls.ports)),)),
    )


def _by_address(addresses: Iterable[AddressMatch]) -> Matcher:
    matchers = tuple(
        IPMatcherIPRangeMatcher(
            ranges=tuple(CidrRange(address_prefix=r.address, prefix_len=r.prefix_length) for r in address.ranges),
            on_match=_chains_at(address),
        )
        for address in addresses
    )
    ip = TypedExtensionConfig(name="ip", typed_config=IPMatcher(range_matchers=matchers))
    return Matcher(matcher_tree=MatcherMatcherTree(input=_ADDRESS, custom_match=ip))


def _chains_at(address: AddressMatch) -> MatcherOnMatch:
    if address.any_port is not None:
        return _by_protocol(address.any_port)
    ports = {str(port): _by_protocol(chains) for port, chains in address.ports}
    return MatcherOnMatch(matcher=_exact(_PORT, ports))


def _by_protocol(chains: ChainsByProtocol) -> MatcherOnMatch:
    if chains.http == chains.other:
        return _chain(chains.http)
    http = {name: _chain(chains.http) for name in _HTTP}
    return MatcherOnMatch(matcher=_exact(_PROTOCOL, http, otherwise=_chain(chains.other)))


def _exact(
    value: TypedExtensionConfig, results: Mapping[str, MatcherOnMatch], otherwise: MatcherOnMatch | None = None
) -> Matcher:
    tree = MatcherMatcherTree(input=value, exact_match_map=MatcherMatcherTreeMatchMap(map=results))
    return Matcher(matcher_tree=tree, on_no_match=otherwise)


def _chain(name: str) -> MatcherOnMatch:
    return MatcherOnMatch(action=TypedExtensionConfig(name=name, typed_config=StringValue(value=name)))
