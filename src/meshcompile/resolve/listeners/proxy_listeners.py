"""The listeners of one proxy, a sidecar or a gateway. Follows istiod's `BuildListeners`."""

from collections.abc import Iterator

from msgspec import Struct

from meshcompile.diagnostics import Diagnostic
from meshcompile.proxy import Proxy
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.resolve.findings import by_place
from meshcompile.resolve.gateways.listeners import GatewayListener, gateway_listeners
from meshcompile.resolve.hbone.tunnels import ConnectOriginate, TunnelListener
from meshcompile.resolve.inbound.listeners import inbound_listeners
from meshcompile.resolve.listeners.filter_chain import FilterChain
from meshcompile.resolve.listeners.http_connection import http_traits
from meshcompile.resolve.listeners.listener import Listener
from meshcompile.resolve.listeners.tcp_connection import tcp_traits
from meshcompile.resolve.listeners.traffic import TrafficClass
from meshcompile.resolve.outbound.egress import egress
from meshcompile.resolve.outbound.listeners import SidecarOutbound
from meshcompile.resolve.telemetry import telemetry, telemetry_findings
from meshcompile.resolve.waypoint.listeners import waypoint_tunnels
from meshcompile.resolve.waypoint.main_internal import MainInternal, main_internal
from meshcompile.snapshot.snapshot import Snapshot

__all__ = ["Listener", "Listeners", "listeners"]


class Listeners(Struct, frozen=True):
    """The listeners of one proxy, and the findings about them.

    `tunnels` are those at both ends of HBONE tunnels. `waypoint` is the one for what the tunnels to a waypoint carry.
    """

    sidecar: tuple[Listener, ...] = ()
    gateway: tuple[GatewayListener, ...] = ()
    tunnels: tuple[TunnelListener, ...] = ()
    waypoint: tuple[MainInternal, ...] = ()
    findings: tuple[Diagnostic, ...] = ()

    @property
    def chains(self) -> Iterator[FilterChain]:
        """Every filter chain."""
        for listener in self.sidecar:
            yield from listener.chains
            if listener.default is not None:
                yield listener.default
        for gateway in self.gateway:
            yield from gateway.chains
        for internal in self.waypoint:
            yield from internal.chains


def listeners(snapshot: Snapshot, facts: ProxyFacts) -> Listeners:
    """The listeners of a proxy; none when the mesh has no port for redirected traffic."""
    if facts.proxy.is_router:
        return _gateway(snapshot, facts)
    if facts.proxy.is_waypoint:
        return _waypoint(snapshot, facts)
    if snapshot.mesh.proxy_listen_port <= 0:
        return Listeners(tunnels=_originated(snapshot, facts.proxy, TrafficClass.SIDECAR_OUTBOUND))
    return _sidecar(snapshot, facts)


def _gateway(snapshot: Snapshot, facts: ProxyFacts) -> Listeners:
    http = http_traits(snapshot, facts, TrafficClass.GATEWAY)
    tcp = tcp_traits(snapshot, facts, TrafficClass.GATEWAY)
    gateway = gateway_listeners(snapshot, facts, http, tcp)
    return Listeners(
        gateway=gateway.listeners,
        tunnels=_originated(snapshot, facts.proxy, TrafficClass.GATEWAY),
        findings=by_place(gateway.findings, http.guard_findings, telemetry_findings(snapshot, facts.proxy)),
    )


def _sidecar(snapshot: Snapshot, facts: ProxyFacts) -> Listeners:
    outbound = SidecarOutbound.of(snapshot, facts)
    inbound = inbound_listeners(snapshot, facts)
    return Listeners(
        sidecar=(*outbound.services(snapshot), *outbound.http_proxy(), *outbound.virtual(), *inbound.listeners),
        tunnels=(*inbound.tunnels, *_originated(snapshot, facts.proxy, TrafficClass.SIDECAR_OUTBOUND)),
        findings=by_place(
            egress(snapshot, outbound.key).findings,
            (finding for _, own in outbound.key.dynamic for finding in own.authorization.findings),
            inbound.findings,
            telemetry_findings(snapshot, facts.proxy),
        ),
    )


def _waypoint(snapshot: Snapshot, facts: ProxyFacts) -> Listeners:
    internal = main_internal(snapshot, facts)
    return Listeners(
        tunnels=waypoint_tunnels(snapshot, facts),
        waypoint=(internal,),
        findings=by_place(internal.findings, telemetry_findings(snapshot, facts.proxy)),
    )


def _originated(snapshot: Snapshot, proxy: Proxy, traffic_class: TrafficClass) -> tuple[ConnectOriginate, ...]:
    """The listener that opens tunnels. In an ambient mesh, every sidecar and gateway has it."""
    return (ConnectOriginate(telemetry(snapshot, proxy, traffic_class)),) if snapshot.ambient else ()
