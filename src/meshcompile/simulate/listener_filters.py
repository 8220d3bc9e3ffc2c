"""What listener filters find out about a connection: TLS, its server name and protocols, and HTTP."""

from dataclasses import dataclass, replace

from meshcompile.envoy.config.listener import (
    Listener,
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
from meshcompile.simulate.http_syntax import is_http1_line
from meshcompile.simulate.requests import DownstreamConnection, HttpRequest, Spoken
from meshcompile.simulate.string_match import type_name


@dataclass(frozen=True, slots=True)
class InspectedConnection:
    """A connection as filter chains are matched against it.

    `transport_protocol` is "tls" or "raw_buffer". `waits` says that a filter waits for bytes that the client does not
    send. `depends_on` are listener filters that are not evaluated.
    """

    connection: DownstreamConnection
    transport_protocol: str = "raw_buffer"
    server_name: str = ""
    application_protocols: tuple[str, ...] = ()
    waits: bool = False
    depends_on: tuple[str, ...] = ()


def inspected(listener: Listener, connection: DownstreamConnection, request: HttpRequest | None) -> InspectedConnection:
    """The connection after all listener filters. `request` is the first one on it, if there is any."""
    found = InspectedConnection(connection)
    for each in listener.listener_filters:
        if each.filter_disabled is None or not is_met(each.filter_disabled, connection):
            found = _after(each, found, request)
    return found


def _after(filter_: ListenerFilter, found: InspectedConnection, request: HttpRequest | None) -> InspectedConnection:
    connection = found.connection
    match filter_.typed_config:
        case TlsInspector() if connection.tls is not None:
            hello = connection.tls
            return replace(
                found, transport_protocol="tls", server_name=hello.sni.lower(), application_protocols=hello.alpn
            )
        case TlsInspector():
            return replace(found, waits=found.waits or connection.spoken is Spoken.NOTHING)
        case HttpInspector():
            return _after_http_inspector(found, request)
        case OriginalDst() | OriginalSrc():
            return found
        case ProxyProtocol():
            needed = "the client begins with a PROXY header"
            return replace(found, depends_on=(*found.depends_on, needed))
        case other:
            unknown = f"the listener filter {filter_.name} ({type_name(other)})"
            return replace(found, depends_on=(*found.depends_on, unknown))


def _after_http_inspector(found: InspectedConnection, request: HttpRequest | None) -> InspectedConnection:
    """It looks at plain text only. Without a TLS inspector, the bytes of TLS are not HTTP."""
    connection = found.connection
    if found.transport_protocol == "tls" or connection.tls is not None:
        return found
    if connection.spoken is Spoken.NOTHING:
        return replace(found, waits=True)
    spoken = connection.spoken
    if spoken is Spoken.TCP or (spoken is not Spoken.HTTP2 and request is not None and not is_http1_line(request)):
        return replace(found, application_protocols=())
    return replace(found, application_protocols=(spoken.value,))


def is_met(predicate: ListenerFilterChainMatchPredicate, connection: DownstreamConnection) -> bool:
    """Whether a condition on connections holds."""
    match predicate:
        case ListenerFilterChainMatchPredicate(any_match=bool(wanted)):
            return wanted
        case ListenerFilterChainMatchPredicate(destination_port_range=Int32Range(start=start, end=end)):
            return start <= connection.port < end
        case ListenerFilterChainMatchPredicate(not_match=ListenerFilterChainMatchPredicate() as inner):
            return not is_met(inner, connection)
        case ListenerFilterChainMatchPredicate(or_match=ListenerFilterChainMatchPredicateMatchSet(rules=rules)):
            return any(is_met(rule, connection) for rule in rules)
        case ListenerFilterChainMatchPredicate(and_match=ListenerFilterChainMatchPredicateMatchSet(rules=rules)):
            return all(is_met(rule, connection) for rule in rules)
        case _:
            return False
