"""All Gateways that select one router, merged. Follows istiod's `model.mergeGateways`.

Servers of several Gateways meet on the ports that they resolve to. Plain HTTP servers on a port share a listener and
its routes. SNI distinguishes TLS servers. When two servers conflict, the server of the older Gateway wins.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from meshcompile.codes.gateways import (
    DUPLICATE_HTTPS_PORT_NAME,
    DUPLICATE_TLS_HOST,
    PORT_CONFLICT,
)
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.gateway import Gateway, Port, Server, TLSMode
from meshcompile.proxy import Proxy
from meshcompile.resolve.inbound.service_targets import ServiceTarget
from meshcompile.snapshot.gateways import GatewayIndex
from meshcompile.values.ports import Protocol, protocol_named

# With this label on a Service, Gateways refer to its target ports instead of its ports.
NO_PORT_TRANSLATION = "experimental.istio.io/disable-gateway-port-translation"


class ServerPort(NamedTuple):
    """What the servers of one listener share: the bound port, the protocol as written, and the address."""

    number: int
    protocol: str
    bind: str


@dataclass(frozen=True, slots=True)
class GatewayServer:
    """A server of a Gateway. `gateway` is `namespace/name`.

    `hosts` are `host` or `namespace/host`, with `.` replaced by the Gateway's namespace. `route_name` is "" for servers
    that are not HTTP.
    """

    server: Server
    gateway: str
    hosts: tuple[str, ...]
    protocol: Protocol
    route_name: str

    @property
    def port(self) -> Port:
        return self.server.port

    @property
    def mode(self) -> TLSMode | None:
        """The TLS mode; None without TLS settings."""
        return None if self.server.tls is None else self.server.tls.mode

    @property
    def passes_tls_through(self) -> bool:
        return self.mode in (TLSMode.PASSTHROUGH, TLSMode.AUTO_PASSTHROUGH)

    @property
    def is_tls(self) -> bool:
        """True for servers with TLS settings, except on HTTP ports, where the settings only configure a redirect."""
        return self.server.tls is not None and not self.protocol.is_http

    @property
    def terminates_https(self) -> bool:
        return self.server.tls is not None and self.protocol is Protocol.HTTPS and not self.passes_tls_through

    @property
    def is_http(self) -> bool:
        """True for servers that route requests: HTTP, and HTTPS that is terminated."""
        return self.protocol.is_http or (self.protocol is Protocol.HTTPS and not self.passes_tls_through)

    @property
    def redirects_to_https(self) -> bool:
        return self.server.tls is not None and self.server.tls.https_redirect

    @property
    def names(self) -> frozenset[str]:
        """The hosts, without namespaces."""
        return frozenset(host.rpartition("/")[2] for host in self.hosts)

    @property
    def sni_hosts(self) -> tuple[str, ...]:
        """The server names that TLS clients request, sorted."""
        return tuple(sorted(self.names))


@dataclass(frozen=True, slots=True)
class MergedServers:
    """The servers of one ServerPort, in order. `route_name` is the route configuration of plain HTTP servers."""

    servers: tuple[GatewayServer, ...]
    route_name: str


@dataclass(frozen=True)
class MergedGateway:
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


def merged_gateway(gateways: GatewayIndex, proxy: Proxy, targets: Iterable[ServiceTarget]) -> MergedGateway:
    """The merged gateway of a proxy; empty when the proxy is not a router."""
    if not proxy.is_router:
        return NO_GATEWAY
    merge = _GatewayMerge()
    target_ports = _target_ports(targets)
    for gateway in gateways.selecting(proxy.labels):
        for server in gateway.spec.servers:
            number = target_ports.get(server.port.number, server.port.number)
            merge.add(gateway_server(gateway, server, number), number)
    return merge.result()


def _target_ports(targets: Iterable[ServiceTarget]) -> Mapping[int, int]:
    """The port of a Service of the router -> the port on which it listens. The first Service applies."""
    translated = (target for target in targets if NO_PORT_TRANSLATION not in target.service.labels)
    ports: dict[int, int] = {}
    for target in translated:
        ports.setdefault(target.port.number, target.target_port)
    return ports


def gateway_server(gateway: Gateway, server: Server, number: int) -> GatewayServer:
    """A server of a Gateway that listens on `number`."""
    protocol = protocol_named(server.port.protocol)
    made = GatewayServer(
        server=server,
        gateway=f"{gateway.namespace}/{gateway.name}",
        hosts=tuple(_with_namespaces(server.hosts, gateway.namespace)),
        protocol=protocol,
        route_name="",
    )
    return replace(made, route_name=_route_name(made, gateway, number))


def _with_namespaces(hosts: tuple[str, ...], namespace: str) -> Iterator[str]:
    """The hosts, with the namespace in place of `./`, and without `*/`, which matches any namespace."""
    if "*/*" in hosts:
        yield "*"
        return
    for host in hosts:
        of, slash, name = host.partition("/")
        if slash and of == "*":
            yield name
        else:
            yield f"{namespace}/{name}" if slash and of == "." else host


def _route_name(server: GatewayServer, gateway: Gateway, number: int) -> str:
    """The name of a server's route configuration.

    Plain HTTP servers of a port share one. Each HTTPS server has its own.
    """
    bind = f".{server.server.bind}" if server.server.bind else ""
    if server.protocol.is_http:
        return f"http.{number}{bind}"
    if server.protocol is Protocol.HTTPS and not server.passes_tls_through:
        return f"https.{server.port.number}.{server.port.name}.{gateway.name}.{gateway.namespace}{bind}"
    return ""


@dataclass(slots=True)
class _PortServers:
    """The servers of a ServerPort during the merge."""

    servers: list[GatewayServer]
    route_name: str = ""


@dataclass(slots=True)
class _GatewayMerge:
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
        if server.server.tls is not None and not self._take_hosts(server, number):
            return
        port = ServerPort(number, server.port.protocol, server.server.bind)
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
                related = (Related("the other server", other.server.origin),)
                self.findings.append(
                    DUPLICATE_HTTPS_PORT_NAME(server.server, port_name=server.port.name, related=related)
                )
                return
            self.by_route_name[server.route_name] = [server]
        if port not in self.opened:
            self.opened[port] = _PortServers([])
            self.ports.append(port)
        self.opened[port].servers.append(server)

    def _take_hosts(self, server: GatewayServer, number: int) -> bool:
        """True when no other server on the port and address has one of the hosts."""
        known = self.tls_hosts.setdefault(number, {})
        bind = server.server.bind
        taken = [host for host in server.hosts if host in known and known[host].server.bind == bind]
        if taken:
            other = known[taken[0]]
            related = (Related("the server that has it", other.server.origin),)
            self.findings.append(
                DUPLICATE_TLS_HOST(
                    server.server, hosts=", ".join(taken), port=server.port.number, other=other.gateway, related=related
                )
            )
            return False
        known.update(dict.fromkeys(server.hosts, server))
        return True


def _can_share(protocol: Protocol, other: Protocol) -> bool:
    return other.is_http and protocol.is_http


def _conflict(server: GatewayServer, other: GatewayServer) -> Diagnostic:
    return PORT_CONFLICT(
        server.server,
        protocol=server.port.protocol,
        port=server.port.number,
        other_protocol=other.port.protocol,
        other=other.gateway,
        related=(Related("the server that has the port", other.server.origin),),
    )
