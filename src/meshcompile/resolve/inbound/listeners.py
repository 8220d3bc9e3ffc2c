"""A sidecar's inbound listeners. Follows istiod's `ListenerBuilder.buildSidecarInboundListeners`."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.diagnostics import Diagnostic
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.proxy import InterceptionMode, Proxy
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.resolve.findings import by_place
from meshcompile.resolve.hbone.tunnels import ConnectTerminate, accepts_tunnels, connect_terminate
from meshcompile.resolve.inbound.chains import (
    InboundChains,
    InboundPort,
    inbound_chains,
    inbound_ports,
    passthrough_port,
    without_requests,
)
from meshcompile.resolve.listeners.filter_chain import FilterChain
from meshcompile.resolve.listeners.http_connection import http_traits
from meshcompile.resolve.listeners.inspection import inbound_inspection
from meshcompile.resolve.listeners.listener import Listener
from meshcompile.resolve.listeners.tcp_connection import tcp_traits
from meshcompile.resolve.listeners.traffic import TrafficClass
from meshcompile.resolve.security.authorization import authorization
from meshcompile.resolve.security.downstream_tls import proxy_secrets
from meshcompile.resolve.telemetry import Telemetry
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.names import MAIN_INTERNAL


class InboundListeners(Struct, frozen=True):
    """The inbound listeners of a sidecar, and the findings about them. `tunnels` are where HBONE tunnels end."""

    listeners: tuple[Listener, ...]
    tunnels: tuple[ConnectTerminate, ...]
    findings: tuple[Diagnostic, ...]


def inbound_listeners(snapshot: Snapshot, facts: ProxyFacts) -> InboundListeners:
    """The virtual inbound listener, the listeners with their own ports, and those of HBONE tunnels."""
    http = http_traits(snapshot, facts, TrafficClass.SIDECAR_INBOUND)
    tcp = tcp_traits(snapshot, facts, TrafficClass.SIDECAR_INBOUND)
    chains = inbound_chains(snapshot.mesh, facts, http, tcp, proxy_secrets(facts.proxy))
    ports, findings = inbound_ports(facts, snapshot)
    makes = InboundListenerBuilder(facts.proxy, snapshot.mesh, tcp.telemetry)
    bound = tuple(makes.of_port(port, chains.of(port)) for port in ports if port.bind_to_port)
    redirected = tuple(port for port in ports if not port.bind_to_port)
    captured = facts.proxy.interception_mode is not InterceptionMode.NONE
    takes_tunnels = accepts_tunnels(snapshot, facts.proxy)
    return InboundListeners(
        listeners=(
            *((makes.virtual(chains.virtual(redirected)),) if captured else ()),
            *bound,
            *((makes.main_internal(tunnelled_chains(snapshot, facts.proxy, chains, ports)),) if takes_tunnels else ()),
        ),
        tunnels=(connect_terminate(snapshot.mesh, facts.proxy, http),) if takes_tunnels else (),
        findings=by_place(findings, without_requests(http.authorization, ports), http.guard_findings),
    )


def tunnelled_chains(
    snapshot: Snapshot, proxy: Proxy, chains: InboundChains, ports: Iterable[InboundPort]
) -> tuple[FilterChain, ...]:
    """The chains for what HBONE tunnels carry: those of the ports, then those of undeclared ports.

    The identity of the peer is that of the tunnel.
    """
    allowed = authorization(snapshot, proxy, tunnelled=True)
    inner = replace(
        chains, http=replace(chains.http, authorization=allowed), tcp=replace(chains.tcp, authorization=allowed)
    )
    return tuple(chain for port in (*ports, passthrough_port(0)) for chain in inner.tunnelled(port, proxy.ip_addresses))


class InboundListenerBuilder(Struct, frozen=True):
    """Builds the inbound listeners of one sidecar."""

    proxy: Proxy
    mesh: MeshConfig
    telemetry: Telemetry

    def of_port(self, port: InboundPort, chains: tuple[FilterChain, ...]) -> Listener:
        """The listener on a port that it binds itself."""
        return self._listener(port.listener_name, port.binds, port.target_port, chains)

    def virtual(self, chains: tuple[FilterChain, ...]) -> Listener:
        """The listener to which iptables redirects all other inbound traffic."""
        port = self.mesh.proxy_inbound_listen_port
        return self._listener("virtualInbound", self.proxy.wildcards, port, chains, virtual=True)

    def main_internal(self, chains: tuple[FilterChain, ...]) -> Listener:
        """The listener for what HBONE tunnels carry."""
        return Listener(
            name=MAIN_INTERNAL,
            binds=(),
            port=0,
            inbound=True,
            chains=chains,
            internal=True,
            inspection=inbound_inspection(chains),
            telemetry=self.telemetry,
            origins=tuple(dict.fromkeys(origin for chain in chains for origin in chain.origins)),
        )

    def _listener(
        self, name: str, binds: Iterable[str], port: int, chains: tuple[FilterChain, ...], virtual: bool = False
    ) -> Listener:
        return Listener(
            name=name,
            binds=tuple(binds)[:1],
            port=port,
            inbound=True,
            chains=chains,
            virtual=virtual,
            bind_to_port=True,
            transparent=virtual and self.proxy.interception_mode is InterceptionMode.TPROXY,
            exact_balance=self.proxy.node_metadata.inbound_listener_exact_balance,
            inspection=inbound_inspection(chains),
            detection_timeout=self.mesh.protocol_detection_timeout,
            telemetry=self.telemetry,
            origins=tuple(dict.fromkeys(origin for chain in chains for origin in chain.origins)),
        )
