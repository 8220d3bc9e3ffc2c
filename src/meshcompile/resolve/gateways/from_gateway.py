"""The servers of Istio's Gateways, in the words of `resolve.gateways.server`."""

from collections.abc import Iterator

from meshcompile.models.networking.gateway import Gateway, Port, Server, ServerTLSSettings, TLSProtocol
from meshcompile.resolve.gateways.server import (
    CertificateFiles,
    ClientChecks,
    GatewayServer,
    ServedPort,
    ServerTls,
    routes_requests,
)
from meshcompile.values.ports import Protocol, protocol_named


def gateway_server(gateway: Gateway, server: Server, number: int) -> GatewayServer:
    """A server of a Gateway that listens on `number`."""
    port = _port(server.port)
    tls = None if server.tls is None else _tls(server.tls)
    return GatewayServer(
        gateway=f"{gateway.namespace}/{gateway.name}",
        port=port,
        hosts=tuple(_with_namespaces(server.hosts, gateway.namespace)),
        tls=tls,
        bind=server.bind,
        name=server.name,
        route_name=_route_name(gateway, server, number) if routes_requests(port.protocol, tls) else "",
        origin=server.origin,
    )


def _port(port: Port) -> ServedPort:
    return ServedPort(port.number, port.name, protocol_named(port.protocol), port.protocol, port.origin)


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


def _route_name(gateway: Gateway, server: Server, number: int) -> str:
    """The name of a server's route configuration.

    Plain HTTP servers of a port share one. Each HTTPS server has its own.
    """
    bind, port = f".{server.bind}" if server.bind else "", server.port
    if protocol_named(port.protocol) is Protocol.HTTPS:
        return f"https.{port.number}.{port.name}.{gateway.name}.{gateway.namespace}{bind}"
    return f"http.{number}{bind}"


def _tls(tls: ServerTLSSettings) -> ServerTls:
    return ServerTls(
        mode=tls.mode,
        credentials=tls.credential_names or ((tls.credential_name,) if tls.credential_name else ()),
        files=tuple(
            CertificateFiles(pair.server_certificate, pair.private_key, pair.origin)
            for pair in tls.tls_certificates or (tls,)
        ),
        client=ClientChecks(
            authorities_credential=tls.ca_cert_credential_name,
            authorities_file=tls.ca_certificates,
            revocation_file=tls.ca_crl,
            subject_alt_names=tls.subject_alt_names,
            spki_hashes=tls.verify_certificate_spki,
            certificate_hashes=tls.verify_certificate_hash,
            accepts_any=tls.insecure_skip_verify is True,
        ),
        minimum_version=_version(tls.min_protocol_version),
        maximum_version=_version(tls.max_protocol_version),
        cipher_suites=tls.cipher_suites,
        https_redirect=tls.https_redirect,
        origin=tls.origin,
    )


def _version(version: TLSProtocol) -> str:
    return "" if version is TLSProtocol.TLS_AUTO else str(version)
