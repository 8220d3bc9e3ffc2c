"""A sidecar's inbound listeners. Follows istiod's `ListenerBuilder.buildSidecarInboundListeners`."""

from collections.abc import Iterable

from msgspec import Struct

from meshcompile.diagnostics import Diagnostic
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.proxy import InterceptionMode, Proxy
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.resolve.findings import by_place
from meshcompile.resolve.inbound.chains import InboundPort, inbound_chains, inbound_ports, without_requests
from meshcompile.resolve.listeners.filter_chain import FilterChain
from meshcompile.resolve.listeners.http_connection import http_traits
from meshcompile.resolve.listeners.inspection import inbound_inspection
from meshcompile.resolve.listeners.listener import Listener
from meshcompile.resolve.listeners.tcp_connection import tcp_traits
from meshcompile.resolve.listeners.traffic import TrafficClass
from meshcompile.resolve.security.downstream_tls import proxy_secrets
from meshcompile.resolve.telemetry import Telemetry
from meshcompile.snapshot.snapshot import Snapshot


class InboundListeners(Struct, frozen=True):
    """The inbound listeners of a sidecar, and the findings about them."""

    listeners: tuple[Listener, ...]
    findings: tuple[Diagnostic, ...]


def inbound_listeners(snapshot: Snapshot, facts: ProxyFacts) -> InboundListeners:
    """The virtual inbound listener, and the listeners with their own ports."""
    http = http_traits(snapshot, facts, TrafficClass.SIDECAR_INBOUND)
    tcp = tcp_traits(snapshot, facts, TrafficClass.SIDECAR_INBOUND)
    chains = inbound_chains(snapshot.mesh, facts, http, tcp, proxy_secrets(facts.proxy))
    ports, findings = inbound_ports(facts, snapshot.mesh)
    makes = InboundListenerBuilder(facts.proxy, snapshot.mesh, tcp.telemetry)
    bound = tuple(makes.of_port(port, chains.of(port)) for port in ports if port.bind_to_port)
    redirected = tuple(port for port in ports if not port.bind_to_port)
    captured = facts.proxy.interception_mode is not InterceptionMode.NONE
    return InboundListeners(
        listeners=(*((makes.virtual(chains.virtual(redirected)),) if captured else ()), *bound),
        findings=by_place(findings, without_requests(http.authorization, ports), http.guard_findings),
    )


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
