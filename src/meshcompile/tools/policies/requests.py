"""A request as policies see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Self
from urllib.parse import parse_qsl

from meshcompile.words import words

Ip = IPv4Address | IPv6Address

# Headers for which Envoy joins several lines with commas.
_ONE_LINE = words(
    """
    accept accept-encoding access-control-request-method authorization cache-control content-type grpc-timeout origin
    pragma referer te user-agent via x-forwarded-for x-forwarded-host x-forwarded-proto x-request-id
    """
)


@dataclass(frozen=True, slots=True)
class PolicyRequest:
    """A request and its connection. Header names are lower case; a header with several lines has a tuple of values.

    The path is normalized and includes the query, as Envoy's filters see it.

    `principal` is the SPIFFE identity of the peer's certificate, or "" without mutual TLS. `source` is the peer's
    address. `claims` are those of a token that is already known to be valid. For tokens in headers, see `tokens`.
    """

    method: str = "GET"
    path: str = "/"
    authority: str = "localhost"
    headers: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    source: str = "127.0.0.1"
    destination: str = "127.0.0.1"
    port: int = 80
    principal: str = ""
    server_name: str = ""
    claims: Mapping[str, object] | None = None

    @property
    def path_only(self) -> str:
        """The path without query and fragment."""
        return self.path.partition("?")[0].partition("#")[0]

    @property
    def query(self) -> Mapping[str, str]:
        """Query parameters. For duplicate names, the first value is used."""
        pairs = parse_qsl(self.path.partition("?")[2].partition("#")[0], keep_blank_values=True)
        return dict(reversed(pairs))

    @property
    def cookies(self) -> Mapping[str, str]:
        """Cookies. For duplicate names, the first value is used."""
        pairs = [part.strip().partition("=") for line in self.lines("cookie") for part in line.split(";")]
        return {name: value for name, sign, value in reversed(pairs) if sign}

    @property
    def client(self) -> Ip:
        """The original client: the last address of `x-forwarded-for`, which is the only one that a sidecar trusts."""
        forwarded = _ip("".join(self.lines("x-forwarded-for")).rpartition(",")[2].strip())
        return ip_address(self.source) if forwarded is None else forwarded

    @property
    def is_preflight(self) -> bool:
        """True for a browser's CORS preflight request."""
        return self.method == "OPTIONS" and all(map(self.lines, ("origin", "access-control-request-method")))

    def lines(self, name: str) -> tuple[str, ...]:
        """The values of a header or pseudo header, one per line; empty if it is missing."""
        match name.lower():
            case ":method":
                return (self.method,)
            case ":path":
                return (self.path,)
            case ":authority" | "host":
                return (self.authority,)
            case other:
                return self._lines(other)

    def _lines(self, name: str) -> tuple[str, ...]:
        match self.headers.get(name, ()):
            case str(one):
                return (one,)
            case several if name in _ONE_LINE and several:
                return (",".join(several),)
            case several:
                return several

    def without_header(self, name: str) -> Self:
        """The request without a header. The name is lower case."""
        return replace(self, headers={key: value for key, value in self.headers.items() if key != name})

    def without_parameter(self, name: str) -> Self:
        """The request without a query parameter."""
        path, _, query = self.path.partition("?")
        kept = "&".join(part for part in query.split("&") if part.partition("=")[0] != name)
        return replace(self, path=f"{path}?{kept}" if kept else path)


def _ip(text: str) -> Ip | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
