"""Who asks for which outbound listener: one claim per egress listener, service and port.

Follows istiod's `ListenerBuilder.buildSidecarOutboundListeners`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

from meshcompile.codes.listeners import EMPTY_EGRESS_LISTENER, RESERVED_PORT
from meshcompile.diagnostics import Diagnostic
from meshcompile.ip import is_ip
from meshcompile.ports import Protocol, protocol_named
from meshcompile.proxy import InterceptionMode, Proxy
from meshcompile.resolve.addresses import service_address, service_addresses
from meshcompile.resolve.binding import can_bind, reserved_ports
from meshcompile.resolve.scope import EgressListener
from meshcompile.resolve.view import View
from meshcompile.snapshot.service import UNSPECIFIED_ADDRESS, Registry, Resolution, Service, ServicePort
from meshcompile.source import Origin

UNIX_PREFIX = "unix://"

Report = Callable[[Diagnostic], None]


class Kind(Enum):
    """How a listener handles a protocol: istiod's ListenerProtocol."""

    HTTP = auto()
    TCP = auto()
    AUTO = auto()  # looks at the first bytes


# UDP is not handled.
KINDS: Mapping[Protocol, Kind] = {
    protocol: Kind.HTTP if protocol.is_http else Kind.TCP if protocol.is_tcp else Kind.AUTO
    for protocol in Protocol
    if protocol is not Protocol.UDP
}


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where the listeners of one egress listener of a Sidecar go.

    `rank` is its place among the Sidecar's; `catchall` says that it serves every port that no listener before it has.
    `binds` are the addresses it asks for, none when each service has its own. They are really bound (`bind_to_port`)
    where iptables do not redirect to the proxy: for the whole proxy, for the listener, or for a unix socket.
    """

    rank: int
    listener: EgressListener
    binds: tuple[str, ...]
    bind_to_port: bool

    @property
    def catchall(self) -> bool:
        return self.listener.port is None

    @property
    def origins(self) -> tuple[Origin, ...]:
        return () if self.listener.spec is None else (self.listener.spec.origin,)


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """A service that asks for a port to be listened on.

    `binds` are the addresses, the first naming the listener; `cidrs` is set when the service's own address is a range.
    `of_endpoint`: the address is that of one endpoint of a headless service.
    """

    place: Place
    service: Service
    port: ServicePort
    kind: Kind
    binds: tuple[str, ...]
    cidrs: tuple[str, ...] = ()
    of_endpoint: bool = False

    @property
    def key(self) -> tuple[str, int]:
        """Claims with the same address and port share a listener."""
        return (self.binds[0], self.port.number)

    @property
    def origins(self) -> tuple[Origin, ...]:
        """The service's port, then the egress listener."""
        return (self.port.origin or self.service.origin, *self.place.origins)


def claims(view: View, report: Report) -> Iterator[Claim]:
    """All claims on a sidecar's outbound listeners, in order of precedence.

    What is claimed for endpoints includes the proxy itself, if it is one.
    """
    reserved = reserved_ports(view)
    for rank, listener in enumerate(view.scope.egress_listeners):
        place = _place(view.proxy, rank, listener)
        for service, port in _asked(listener, report):
            kind = KINDS.get(port.protocol)
            if kind is None or service.resolution is Resolution.ALIAS:
                continue
            if _can_bind(view.proxy, place, port, reserved.all):
                yield from _of_service(view, Claim(place, service, port, kind, place.binds))
            else:
                report(RESERVED_PORT(port.origin or service.origin, port=port.number, host=service.hostname))


def _place(proxy: Proxy, rank: int, listener: EgressListener) -> Place:
    spec, bind = listener.spec, listener.bind
    bind_to_port = proxy.interception_mode is InterceptionMode.NONE or (
        spec is not None and (spec.capture_mode == "NONE" or bind.startswith(UNIX_PREFIX))
    )
    if bind:
        return Place(rank, listener, (bind,), bind_to_port)
    return Place(rank, listener, proxy.loopbacks if bind_to_port else (), bind_to_port)


def _asked(listener: EgressListener, report: Report) -> Iterator[tuple[Service, ServicePort]]:
    """The services of an egress listener, each with the port that a Sidecar has put it on, else with every own port."""
    written = None if listener.spec is None else listener.spec.port
    if written is None:
        yield from ((service, port) for service in listener.services for port in service.ports)
        return
    if not listener.services:
        report(EMPTY_EGRESS_LISTENER(written, port=written.number))
    port = ServicePort(written.name, written.number, protocol_named(written.protocol), origin=written.origin)
    yield from ((service, port) for service in listener.services)


def _can_bind(proxy: Proxy, place: Place, port: ServicePort, reserved: frozenset[int]) -> bool:
    bind = place.binds[0] if place.binds else ""
    return can_bind(
        proxy, reserved, bind_to_port=place.bind_to_port, bind=bind, port=port.number, protocol=port.protocol
    )


def _of_service(view: View, claim: Claim) -> Iterable[Claim]:
    if claim.binds:
        return (claim,)
    if claim.place.catchall and _is_per_endpoint(view, claim):
        return _per_endpoint(view, claim)
    return (_on_own_address(view.proxy, claim),)


def _on_own_address(proxy: Proxy, claim: Claim) -> Claim:
    """The claim on the service's own address; on every address for HTTP, and for a service whose address is a range."""
    if claim.kind is Kind.HTTP:
        return replace(claim, binds=proxy.wildcards)
    addresses = _addresses(proxy, claim.service)
    if "/" in addresses[0]:
        return replace(claim, binds=proxy.wildcards, cidrs=addresses)
    return replace(claim, binds=addresses)


def _addresses(proxy: Proxy, service: Service) -> tuple[str, ...]:
    first, further = service_address(service, proxy), service_addresses(service, proxy)[1:]
    if service.registry is Registry.EXTERNAL and first == UNSPECIFIED_ADDRESS:
        # Its endpoints may be names, which say nothing of a family: it is the proxy's then.
        if not proxy.supports_ipv4:
            return ("::", *further)
        if proxy.is_dual_stack:
            return (first, *further, "::")
    return (first, *further)


def _is_per_endpoint(view: View, claim: Claim) -> bool:
    """True for TCP of a headless service: its clients connect to the addresses of Pods.

    A ServiceEntry that can have no endpoints is listened for on every address.
    """
    service, port = claim.service, claim.port
    if claim.kind is Kind.HTTP or service.resolution is not Resolution.PASSTHROUGH:
        return False
    if service_address(service, view.proxy) != UNSPECIFIED_ADDRESS:
        return False
    can_have_endpoints = service.registry is Registry.KUBERNETES or bool(service.selector)
    return can_have_endpoints or bool(view.snapshot.endpoints.numbered(service, port.number))


def _per_endpoint(view: View, claim: Claim) -> Iterator[Claim]:
    for endpoint in view.snapshot.endpoints.numbered(claim.service, claim.port.number):
        if all(is_ip(address) for address in endpoint.addresses):
            yield replace(claim, binds=endpoint.addresses, of_endpoint=True)
