"""What is evaluated: a connection of a client, and a request on it."""

from collections.abc import Mapping
from enum import Enum, auto
from ipaddress import IPv4Address, IPv6Address

from msgspec import Struct

Ip = IPv4Address | IPv6Address


class Capture(Enum):
    """How a connection comes to the proxy."""

    OUTBOUND = auto()  # redirected to the listener `virtualOutbound`
    INBOUND = auto()  # redirected to the listener `virtualInbound`
    NONE = auto()  # sent to the address of the listener itself, as to a gateway


class Spoken(Enum):
    """What the client speaks, inside of TLS if there is any."""

    HTTP10 = "http/1.0"
    HTTP11 = "http/1.1"
    HTTP2 = "h2c"
    TCP = ""  # anything that is not HTTP
    NOTHING = "nothing"  # the client waits for the first bytes of the server


class PeerCertificate(Struct, frozen=True):
    """The certificate of a client. `trusted` says whether the proxy's certificate authority has signed it."""

    uris: tuple[str, ...] = ()
    dns_names: tuple[str, ...] = ()
    subject: str = ""
    trusted: bool = True

    @property
    def principals(self) -> tuple[str, ...]:
        """The names that RBAC compares, in Envoy's order: URIs, DNS names, the subject if there are none."""
        return (*self.uris, *self.dns_names) or (self.subject,)


class ClientHello(Struct, frozen=True):
    """The TLS handshake of a client: what it asks for, and the certificate that it would present."""

    sni: str = ""
    alpn: tuple[str, ...] = ()
    certificate: PeerCertificate | None = None


class DownstreamConnection(Struct, frozen=True, kw_only=True):
    """A connection of a client, with its original destination. `listener` names an internal listener that gets it.

    `filter_state` has what is known of the connection around it, such as the identity at the other end of a tunnel, by
    the name of the object.
    """

    destination: str
    port: int
    source: str = "10.0.0.1"
    source_port: int = 40000
    capture: Capture = Capture.NONE
    spoken: Spoken = Spoken.HTTP11
    tls: ClientHello | None = None
    listener: str = ""
    filter_state: Mapping[str, str] = {}


class TokenState(Enum):
    """What is known or assumed of a token."""

    VALID = "is signed and valid"
    UNSIGNED = "is not signed by its issuer"
    EXPIRED = "has expired or is not valid yet"


class HttpRequest(Struct, frozen=True, kw_only=True):
    """A request as a client sends it.

    `path` has the query. A header may have several lines, and its name may have capitals. `claims` are those of a token
    that the proxy accepts as signed and valid; None says that there is no token, unless a header carries one. Of the
    tokens in headers, `tokens` says what is known, by their text; all that is possible is evaluated for others.
    `random_value` is what Envoy draws for choices between routes and clusters, from 0 to 2⁶⁴-1; None means all values.
    """

    method: str = "GET"
    authority: str = "localhost"
    path: str = "/"
    headers: tuple[tuple[str, str], ...] = ()
    claims: Mapping[str, object] | None = None
    tokens: Mapping[str, TokenState] = {}
    random_value: int | None = None
