"""Rules of Gateways: istiod's `ValidateGateway`."""

from collections.abc import Iterator

from meshcompile.codes import validation as codes
from meshcompile.models.networking.gateway import Gateway, Port, Server
from meshcompile.validate import tls
from meshcompile.validate.checks import Found, label_name, port
from meshcompile.validate.metadata import made_by_gateway_api
from meshcompile.validate.names import is_address, is_label, partial_wildcard, unix_path_problem, wildcard_problem
from meshcompile.values.hosts import UNIX_PREFIX
from meshcompile.values.ports import Protocol, protocol_named


def violations(gateway: Gateway) -> Found:
    """Findings about a Gateway."""
    generated = made_by_gateway_api(gateway, "gateway")
    if not generated:
        yield from label_name(gateway.metadata, "name", "the name of a Gateway")
    if not gateway.spec.servers:
        yield codes.MISSING(gateway.spec.at("servers"), field="servers", reason=": a Gateway needs at least one")
    names: set[str] = set()
    for server in gateway.spec.servers:
        yield from _server(server, generated)
        if server.port.name in names:
            yield codes.DUPLICATE(server.port.at("name"), what="port name", value=server.port.name)
        names.add(server.port.name)


def _server(server: Server, generated: bool) -> Found:
    if not server.hosts:
        yield codes.MISSING(server.at("hosts"), field="hosts", reason=": a server needs at least one host")
    for index, host in enumerate(server.hosts):
        if problem := host_problem(host, in_gateway=True, generated=generated):
            yield codes.GATEWAY_HOST(server.at("hosts", index), host=host, problem=problem)
    port_problems = tuple(_port(server.port, server.bind))
    yield from port_problems
    yield from _bind(server)
    if server.tls is not None:
        yield from tls.server(server.tls)
    protocol = protocol_named(server.port.protocol)
    if not port_problems and (problem := _tls_problem(server, protocol)):
        yield codes.SERVER_PROTOCOL(server.at("tls"), problem=problem)
    if server.tls is not None and server.tls.https_redirect and not protocol.is_http:
        yield codes.REDIRECT_WITHOUT_HTTP(server.tls.at("https_redirect"))


def _port(node: Port, bind: str) -> Found:
    if protocol_named(node.protocol) is Protocol.AUTO:
        yield codes.PROTOCOL(node.at("protocol"), protocol=node.protocol)
    if node.number or not bind.startswith(UNIX_PREFIX):
        yield from port(node)
    if node.target_port:
        yield codes.TARGET_PORT(node.at("target_port"))
    if not node.name:
        yield codes.EMPTY_VALUE(node.at("name"), what="the name of the port")


def _bind(server: Server) -> Found:
    if not server.bind.startswith(UNIX_PREFIX):
        if server.bind and not is_address(server.bind):
            yield codes.ADDRESS(server.at("bind"), value=server.bind, expected="an IP address")
        return
    if problem := unix_path_problem(server.bind):
        yield codes.UNIX_SOCKET(server.at("bind"), value=server.bind, problem=problem)
    if server.port.number:
        yield codes.UNIX_PORT(server.port.at("number"), problem="a server on a Unix domain socket has port 0")


def _tls_problem(server: Server, protocol: Protocol) -> str | None:
    """The contradiction between the TLS settings and the protocol, or None."""
    settings = server.tls
    if protocol.is_tls:
        return f"a server for {protocol} needs `tls`" if settings is None else None
    if settings is None:
        return None
    if not protocol.is_http:
        return f"a server for {protocol} accepts no TLS settings"
    files = settings.ca_certificates or settings.private_key or settings.server_certificate
    if settings.mode not in tls.PASSES_ON or files:
        return f"a server for {protocol} accepts no TLS settings beyond `httpsRedirect`"
    return None


def host_problem(host: str, in_gateway: bool, generated: bool = False) -> str | None:
    """The first of the problems with a host, or None."""
    return next(host_problems(host, in_gateway, generated), None)


def host_problems(host: str, in_gateway: bool, generated: bool = False) -> Iterator[str]:
    """The problems with a host `NAMESPACE/HOST`. In a Gateway, the namespace is optional."""
    namespace, slash, name = host.partition("/")
    if not slash and not in_gateway:
        yield "it has no namespace"
        return
    if slash and not (namespace and name):
        yield "the part before or after `/` is empty"
    if slash and not _is_namespace(namespace, in_gateway, generated):
        yield f"`{namespace}` is not a valid namespace"
    yield from _name_problems(name if slash else host, in_gateway)


def _is_namespace(written: str, in_gateway: bool, generated: bool) -> bool:
    """True for the namespace of a host. `~` is none at all; a Sidecar can also exclude the hosts of one, as `~shop`."""
    if written == "~":
        return generated or not in_gateway
    name = written if in_gateway else written.removeprefix("~")
    return name in ("*", ".") or is_label(name)


def _name_problems(name: str, in_gateway: bool) -> Iterator[str]:
    if name != "*" and "." not in name:
        yield "a short name is not allowed"
    problem = wildcard_problem(name)
    if problem and not (in_gateway and is_address(name)):
        yield problem
    if partial_wildcard(name):
        yield "a wildcard can only replace the whole first label"
