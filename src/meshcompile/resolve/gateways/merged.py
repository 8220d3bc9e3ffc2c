"""All Gateways that select one router, merged. Follows istiod's `model.mergeGateways`.

Servers of several Gateways meet on the ports that they resolve to. Plain HTTP servers on a port share a listener and
its routes. SNI distinguishes TLS servers. When two servers conflict, the server of the older Gateway wins.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from msgspec import Struct, field

from meshcompile.codes.gateways import (
    DUPLICATE_HTTPS_PORT_NAME,
    DUPLICATE_TLS_HOST,
    PORT_CONFLICT,
)
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.gateway import TLSMode
from meshcompile.proxy import Proxy
from meshcompile.resolve.gateways.from_gateway import gateway_server
from meshcompile.resolve.gateways.server import GatewayServer
from meshcompile.resolve.inbound.service_targets import ServiceTarget
from meshcompile.resolve.security.policy_attachment import Refusal
from meshcompile.resolve.skipped import Skipped
from meshcompile.snapshot.gateway_api.converted import BoundServices
from meshcompile.snapshot.gateways import GatewayIndex
from meshcompile.values.ports import Protocol

# With this label on a Service, Gateways refer to its target ports instead of its ports.
NO_PORT_TRANSLATION = "experimental.istio.io/disable-gateway-port-translation"
ONLY_GATEWAYS = "only gateways read it"


class ServerPort(NamedTuple):
    """What the servers of one listener share: the bound port, the protocol as written, and the address."""

    number: int
    protocol: str
    bind: str


class MergedServers(Struct, frozen=True):
    """The servers of one ServerPort, in order. `route_name` is the route configuration of plain HTTP servers."""

    servers: tuple[GatewayServer, ...]
    route_name: str


class MergedGateway(Struct, frozen=True, dict=True):
    """The servers of every Gateway that selects a router.

    `ports` are in the order in which servers opened them. Servers of several ports may share a listener.
    """

    ports: tuple[ServerPort, ...] = ()
    servers: Mapping[ServerPort, MergedServers] = field(default_factory=dict)
    by_route_name: Mapping[str, tuple[GatewayServer, ...]] = field(default_factory=dict)
    gateways: frozenset[str] = frozenset()
    findings: tuple[Diagnostic, ...] = ()

    @cached_property
    def auto_passthrough_hosts(self) -> frozenset[str]:
        """The hosts of services that other networks reach through this gateway by SNI."""
        every = (server for merged in self.servers.values() for server in merged.servers)
        return frozenset(host for server in every if server.mode is TLSMode.AUTO_PASSTHROUGH for host in server.hosts)


NO_GATEWAY = MergedGateway()


def merged_gateway(
    gateways: GatewayIndex, proxy: Proxy, targets: Iterable[ServiceTarget], *, strict: bool = False
) -> MergedGateway:
    """The merged gateway of a proxy; empty when the proxy is not a router.

    If it is `strict`, a proxy that istiod deploys for a Gateway of the Gateway API serves no Gateways of Istio in other
    namespaces.
    """
    if not proxy.is_router:
        return NO_GATEWAY
    merge = _GatewayMerge()
    targets = tuple(targets)
    target_ports = _target_ports(targets)
    for gateway in gateways.serving(proxy.labels, _services(targets), strict=strict):
        bound = gateways.bound.get(gateway.full_name)
        for server in gateway.spec.servers:
            port = server.port.number
            numbers = (target_ports.get(port, port),) if bound is None else _bound_ports(port, bound, targets)
            for number in numbers:
                merge.add(gateway_server(gateway, server, number), number)
    return merge.result()


def _services(targets: Iterable[ServiceTarget]) -> frozenset[tuple[str, str]]:
    """The host and namespace of each Service of a router."""
    return frozenset((target.service.hostname, target.service.namespace) for target in targets)


def _bound_ports(port: int, bound: BoundServices, targets: Iterable[ServiceTarget]) -> tuple[int, ...]:
    """The ports on which a router listens for a port of the Services that a Gateway is bound to; none without it."""
    ports = {
        target.target_port
        for target in targets
        if target.service.hostname in bound.hosts
        and target.service.namespace == bound.namespace
        and target.port.number == port
    }
    return tuple(sorted(ports))


def skipped_gateways(gateways: GatewayIndex, proxy: Proxy, targets: Iterable[ServiceTarget]) -> Iterator[Skipped]:
    """The Gateways that no listener of a proxy comes from."""
    services = _services(targets)
    for gateway in gateways.all:
        if not proxy.is_router:
            yield Skipped(gateway.origin, ONLY_GATEWAYS)
        elif not gateways.is_served(gateway, proxy.labels, services):
            yield Skipped(gateway.origin, Refusal.SELECTOR)


def _target_ports(targets: Iterable[ServiceTarget]) -> Mapping[int, int]:
    """The port of a Service of the router -> the port on which it listens. The first Service applies."""
    translated = (target for target in targets if NO_PORT_TRANSLATION not in target.service.labels)
    ports: dict[int, int] = {}
    for target in translated:
        ports.setdefault(target.port.number, target.target_port)
    return ports


class _PortServers(Struct):
    """The servers of a ServerPort during the merge."""

    servers: list[GatewayServer]
    route_name: str = ""


class _GatewayMerge(Struct):
    """The state of the merge, which adds one server at a time, oldest Gateway first."""

    ports: list[ServerPort] = field(default_factory=list)
    opened: dict[ServerPort, _PortServers] = field(default_factory=dict)
    by_route_name: dict[str, list[GatewayServer]] = field(default_factory=dict)
    plain: dict[int, tuple[ServerPort, GatewayServer]] = field(default_factory=dict)  # by port number
    tls_hosts: dict[int, dict[str, GatewayServer]] = field(default_factory=dict)  # by port number, then host
    numbers: set[int] = field(default_factory=set)
    gateways: set[str] = field(default_factory=set)
    findings: list[Diagnostic] = field(default_factory=list)

    def result(self) -> MergedGateway:
        return MergedGateway(
            ports=tuple(self.ports),
            servers={port: MergedServers(tuple(o.servers), o.route_name) for port, o in self.opened.items()},
            by_route_name={name: tuple(servers) for name, servers in self.by_route_name.items()},
            gateways=frozenset(self.gateways),
            findings=tuple(self.findings),
        )

    def add(self, server: GatewayServer, number: int) -> None:
        """Add a server to its port, or report why it cannot be there."""
        self.gateways.add(server.gateway)
        if server.tls is not None and not self._take_hosts(server, number):
            return
        port = ServerPort(number, server.port.protocol_name, server.bind)
        if number not in self.numbers:
            self.numbers.add(number)
            self._open(server, port)
        elif number in self.plain:
            self._join_plain(server, port, *self.plain[number])
        elif not server.is_tls:
            self._open(server, port)
        else:
            self._join_tls(server, port)

    def _open(self, server: GatewayServer, port: ServerPort) -> None:
        """Open a port with its first server."""
        if not server.is_tls:
            self.plain[port.number] = (port, server)
        if server.is_http:
            self.by_route_name[server.route_name] = [server]
        self.opened[port] = _PortServers([server], server.route_name)
        self.ports.append(port)

    def _join_plain(
        self, server: GatewayServer, port: ServerPort, other_port: ServerPort, other: GatewayServer
    ) -> None:
        """Add the server to the plain servers of a port.

        Only plain HTTP servers on one address can share a port.
        """
        if port.bind == other_port.bind:
            if not _can_share(server.protocol, other.protocol):
                self.findings.append(_conflict(server, other))
            else:
                self.opened[other_port].servers.append(server)
                self.by_route_name.setdefault(server.route_name, []).append(server)
        elif port not in self.opened:
            self._open(server, port)
        else:
            self.opened[port].route_name = server.route_name
            self.opened[port].servers.append(server)
            self.by_route_name.setdefault(server.route_name, []).append(server)

    def _join_tls(self, server: GatewayServer, port: ServerPort) -> None:
        """Add the server to the TLS servers of a port."""
        if server.is_http:
            if server.route_name in self.by_route_name:
                other = self.by_route_name[server.route_name][0]
                related = (Related("the other server", other.origin),)
                self.findings.append(DUPLICATE_HTTPS_PORT_NAME(server, port_name=server.port.name, related=related))
                return
            self.by_route_name[server.route_name] = [server]
        if port not in self.opened:
            self.opened[port] = _PortServers([])
            self.ports.append(port)
        self.opened[port].servers.append(server)

    def _take_hosts(self, server: GatewayServer, number: int) -> bool:
        """True when no other server on the port and address has one of the hosts."""
        known = self.tls_hosts.setdefault(number, {})
        bind = server.bind
        taken = [host for host in server.hosts if host in known and known[host].bind == bind]
        if taken:
            other = known[taken[0]]
            related = (Related("the server that has it", other.origin),)
            self.findings.append(
                DUPLICATE_TLS_HOST(
                    server, hosts=", ".join(taken), port=server.port.number, other=other.gateway, related=related
                )
            )
            return False
        known.update(dict.fromkeys(server.hosts, server))
        return True


def _can_share(protocol: Protocol, other: Protocol) -> bool:
    return other.is_http and protocol.is_http


def _conflict(server: GatewayServer, other: GatewayServer) -> Diagnostic:
    return PORT_CONFLICT(
        server,
        protocol=server.port.protocol_name,
        port=server.port.number,
        other_protocol=other.port.protocol_name,
        other=_written_as(other),
        related=(Related("the server that has the port", other.origin),),
    )


def _written_as(server: GatewayServer) -> str:
    """The object that a user wrote for a server: istiod makes Gateways of Ingresses."""
    document = server.origin.document
    if document.kind != "Ingress":
        return f"Gateway {server.gateway}"
    return f"Ingress {document.namespace or 'default'}/{document.name}"
