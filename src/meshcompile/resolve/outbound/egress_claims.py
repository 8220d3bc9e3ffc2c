"""Claims on outbound listeners: one for each egress listener, service and port.

Follows istiod's `ListenerBuilder.buildSidecarOutboundListeners`.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum, auto

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.codes.listeners import EMPTY_EGRESS_LISTENER, RESERVED_PORT
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.models.networking.sidecar import CaptureMode
from meshcompile.resolve.endpoints.addresses import Addressing, service_address, service_addresses
from meshcompile.resolve.inbound.binding import BindLimits, can_bind
from meshcompile.resolve.scope.sidecar import EgressListener, SidecarScope
from meshcompile.snapshot.endpoints import EndpointIndex
from meshcompile.snapshot.service import UNSPECIFIED_ADDRESS, Registry, Resolution, Service, ServicePort
from meshcompile.values.hosts import UNIX_PREFIX
from meshcompile.values.ip import is_ip
from meshcompile.values.ports import Protocol, protocol_named


class ListenerProtocol(Enum):
    """How a listener handles a protocol. Follows istiod's ListenerProtocol."""

    HTTP = auto()
    TCP = auto()
    AUTO = auto()  # Envoy detects the protocol


# UDP has no listener.
LISTENER_PROTOCOLS: Mapping[Protocol, ListenerProtocol] = {
    protocol: ListenerProtocol.HTTP
    if protocol.is_http
    else ListenerProtocol.TCP
    if protocol.is_tcp
    else ListenerProtocol.AUTO
    for protocol in Protocol
    if protocol is not Protocol.UDP
}


class EgressBind(Struct, frozen=True):
    """Where the listeners of one egress listener of a Sidecar bind.

    `rank` is its position in the Sidecar. `catchall` means that it serves every port that no earlier egress listener
    has. `binds` are the addresses that it sets; empty when each service has its own. `bind_to_port` is true where
    iptables does not redirect traffic: for the whole proxy, for the egress listener, or for a unix socket.
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


class ListenerClaim(Struct, frozen=True):
    """A service port that needs an outbound listener.

    `binds` are the addresses; the first one names the listener. `cidrs` is set when the address of the service is a
    range. `of_endpoint` means that the address belongs to one endpoint of a headless service.
    """

    egress_bind: EgressBind
    service: Service
    port: ServicePort
    protocol: ListenerProtocol
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
        return (self.port.origin or self.service.origin, *self.egress_bind.origins)


class EgressClient(Struct, frozen=True):
    """The sidecar that the claims are for. `captured` means that iptables redirects its traffic to it."""

    addressing: Addressing
    limits: BindLimits
    captured: bool


def claims(scope: SidecarScope, client: EgressClient, endpoints: EndpointIndex) -> Iterator[ListenerClaim | Diagnostic]:
    """All claims on a sidecar's outbound listeners, in order of precedence, and findings about them.

    Claims for endpoints include the proxy's own endpoint.
    """
    for rank, listener in enumerate(scope.egress_listeners):
        egress_bind = _egress_bind(client, rank, listener)
        if (empty := _empty(listener)) is not None:
            yield empty
        for service, port in _services_with_ports(listener):
            protocol = LISTENER_PROTOCOLS.get(port.protocol)
            if protocol is None or service.resolution is Resolution.ALIAS:
                continue
            if _can_bind(client.limits, egress_bind, port):
                yield from _of_service(
                    client.addressing, ListenerClaim(egress_bind, service, port, protocol, egress_bind.binds), endpoints
                )
            else:
                yield RESERVED_PORT(port.origin or service.origin, port=port.number, host=service.hostname)


def _egress_bind(client: EgressClient, rank: int, listener: EgressListener) -> EgressBind:
    spec, bind = listener.spec, listener.bind
    bind_to_port = not client.captured or (
        spec is not None and (spec.capture_mode is CaptureMode.NONE or bind.startswith(UNIX_PREFIX))
    )
    if bind:
        return EgressBind(rank, listener, (bind,), bind_to_port)
    return EgressBind(rank, listener, client.addressing.loopbacks if bind_to_port else (), bind_to_port)


def _empty(listener: EgressListener) -> Diagnostic | None:
    """A finding when an egress listener with its own port imports nothing."""
    written = None if listener.spec is None else listener.spec.port
    return None if written is None or listener.services else EMPTY_EGRESS_LISTENER(written, port=written.number)


def _services_with_ports(listener: EgressListener) -> Iterator[tuple[Service, ServicePort]]:
    """The services of an egress listener, with the port of the Sidecar or else with each of their own ports."""
    written = None if listener.spec is None else listener.spec.port
    if written is None:
        yield from ((service, port) for service in listener.services for port in service.ports)
        return
    port = ServicePort(written.name, written.number, protocol_named(written.protocol), origin=written.origin)
    yield from ((service, port) for service in listener.services)


def _can_bind(limits: BindLimits, egress_bind: EgressBind, port: ServicePort) -> bool:
    bind = egress_bind.binds[0] if egress_bind.binds else ""
    return can_bind(
        limits, limits.all, bind_to_port=egress_bind.bind_to_port, bind=bind, port=port.number, protocol=port.protocol
    )


def _of_service(client: Addressing, claim: ListenerClaim, endpoints: EndpointIndex) -> Iterable[ListenerClaim]:
    if claim.binds:
        return (claim,)
    if claim.egress_bind.catchall and _is_per_endpoint(client, claim, endpoints):
        return _per_endpoint(claim, endpoints)
    return (_on_own_address(client, claim),)


def _on_own_address(client: Addressing, claim: ListenerClaim) -> ListenerClaim:
    """The claim on the address of the service.

    HTTP, and services whose address is a range, use the wildcard address.
    """
    if claim.protocol is ListenerProtocol.HTTP:
        return replace(claim, binds=client.wildcards)
    addresses = _addresses(client, claim.service)
    if "/" in addresses[0]:
        return replace(claim, binds=client.wildcards, cidrs=addresses)
    return replace(claim, binds=addresses)


def _addresses(client: Addressing, service: Service) -> tuple[str, ...]:
    first, further = service_address(service, client), service_addresses(service, client)[1:]
    if service.registry is Registry.EXTERNAL and first == UNSPECIFIED_ADDRESS:
        # Endpoints with host names have no address family. The proxy's family applies to them.
        if not client.ipv4:
            return ("::", *further)
        if client.is_dual_stack:
            return (first, *further, "::")
    return (first, *further)


def _is_per_endpoint(client: Addressing, claim: ListenerClaim, endpoints: EndpointIndex) -> bool:
    """True for TCP of a headless service, since its clients connect to the addresses of Pods.

    A ServiceEntry that can have no endpoints uses the wildcard address.
    """
    service, port = claim.service, claim.port
    if claim.protocol is ListenerProtocol.HTTP or service.resolution is not Resolution.PASSTHROUGH:
        return False
    if service_address(service, client) != UNSPECIFIED_ADDRESS:
        return False
    can_have_endpoints = service.registry is Registry.KUBERNETES or bool(service.selector)
    return can_have_endpoints or bool(endpoints.numbered(service, port.number))


def _per_endpoint(claim: ListenerClaim, endpoints: EndpointIndex) -> Iterator[ListenerClaim]:
    """One claim per address, although a port for UDP with the same number may have the same endpoints."""
    for addresses in dict.fromkeys(each.addresses for each in endpoints.numbered(claim.service, claim.port.number)):
        if all(is_ip(address) for address in addresses):
            yield replace(claim, binds=addresses, of_endpoint=True)
