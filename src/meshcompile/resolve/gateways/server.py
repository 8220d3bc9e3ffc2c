"""Servers of gateways and their TLS: what every kind that opens ports says in the same words.

`from_gateway` makes these values of Istio's Gateways. The merge, the listeners and the routes of a gateway read them
alone.
"""

from functools import cached_property

from msgspec import Struct

from meshcompile.documents import Origin
from meshcompile.models.networking.gateway import TLSMode
from meshcompile.values.ports import Protocol

PASSTHROUGH = frozenset({TLSMode.PASSTHROUGH, TLSMode.AUTO_PASSTHROUGH})
CLIENT_CERTIFICATE_REQUIRED = frozenset({TLSMode.MUTUAL, TLSMode.ISTIO_MUTUAL})
CLIENT_CERTIFICATE_CHECKED = CLIENT_CERTIFICATE_REQUIRED | {TLSMode.OPTIONAL_MUTUAL}


class CertificateFiles(Struct, frozen=True):
    """A certificate chain and its private key in files of the proxy."""

    chain: str
    key: str
    origin: Origin


class ClientChecks(Struct, frozen=True):
    """What a server checks of client certificates.

    A server that `accepts_any` certificate tells the application whether it is valid. The authorities are those of a
    credential, or those in a file. "" stands for the credential of the server, and for
    the authorities of the mesh.
    """

    authorities_credential: str = ""
    authorities_file: str = ""
    revocation_file: str = ""
    subject_alt_names: tuple[str, ...] = ()
    spki_hashes: tuple[str, ...] = ()
    certificate_hashes: tuple[str, ...] = ()
    accepts_any: bool = False


class ServerTls(Struct, frozen=True):
    """TLS of a server.

    The server shows the certificates of its `credentials`. Without credentials it shows those in `files`. Versions are
    names such as `TLSV1_2`, "" without a limit.
    """

    mode: TLSMode
    credentials: tuple[str, ...]
    files: tuple[CertificateFiles, ...]
    client: ClientChecks
    minimum_version: str
    maximum_version: str
    cipher_suites: tuple[str, ...]
    https_redirect: bool
    origin: Origin

    @property
    def is_mesh(self) -> bool:
        """True for Istio mutual TLS, with the certificates of the mesh."""
        return self.mode is TLSMode.ISTIO_MUTUAL

    @property
    def passes_through(self) -> bool:
        """True when clients speak TLS with the workload behind the gateway."""
        return self.mode in PASSTHROUGH

    @property
    def requires_client_certificate(self) -> bool:
        return self.mode in CLIENT_CERTIFICATE_REQUIRED

    @property
    def checks_client_certificate(self) -> bool:
        return self.mode in CLIENT_CERTIFICATE_CHECKED


class ServedPort(Struct, frozen=True):
    """The port of a server as the Service of the gateway has it. `protocol_name` is the protocol as written."""

    number: int
    name: str
    protocol: Protocol
    protocol_name: str
    origin: Origin


class GatewayServer(Struct, frozen=True, dict=True):
    """Hosts that a gateway serves on a port.

    `gateway` is `namespace/name`. `hosts` are `host` or `namespace/host`. `bind` is "" for every address. `route_name`
    is "" for servers that are not HTTP. `name` is "" for most servers.
    """

    gateway: str
    port: ServedPort
    hosts: tuple[str, ...]
    tls: ServerTls | None
    bind: str
    name: str
    route_name: str
    origin: Origin

    @property
    def protocol(self) -> Protocol:
        return self.port.protocol

    @property
    def mode(self) -> TLSMode | None:
        """The TLS mode; None without TLS settings."""
        return None if self.tls is None else self.tls.mode

    @property
    def passes_tls_through(self) -> bool:
        return self.tls is not None and self.tls.passes_through

    @property
    def is_tls(self) -> bool:
        """True for servers with TLS settings, except on HTTP ports, where the settings only configure a redirect."""
        return self.tls is not None and not self.protocol.is_http

    @property
    def terminates_https(self) -> bool:
        return self.tls is not None and self.protocol is Protocol.HTTPS and not self.passes_tls_through

    @property
    def is_http(self) -> bool:
        """True for servers that route requests: HTTP, and HTTPS that is terminated."""
        return routes_requests(self.protocol, self.tls)

    @property
    def redirects_to_https(self) -> bool:
        return self.tls is not None and self.tls.https_redirect

    @cached_property
    def names(self) -> frozenset[str]:
        """The hosts, without namespaces."""
        return frozenset(host.rpartition("/")[2] for host in self.hosts)

    @property
    def sni_hosts(self) -> tuple[str, ...]:
        """The server names that TLS clients request, sorted."""
        return tuple(sorted(self.names))


def routes_requests(protocol: Protocol, tls: ServerTls | None) -> bool:
    """True for HTTP, and for HTTPS whose TLS is not passed through."""
    return protocol.is_http or (protocol is Protocol.HTTPS and not (tls is not None and tls.passes_through))
