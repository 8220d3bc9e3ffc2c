"""A request, as policies see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import parse_qsl

Ip = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Request:
    """A request and its connection. Names of headers are in lower case; several values of one are joined by commas.

    `principal` is the SPIFFE identity of the peer's certificate, "" without mutual TLS; `source` is its address.
    `claims` are those of a token that is known to be valid; tokens in headers are another matter (`tokens`).
    """

    method: str = "GET"
    path: str = "/"
    authority: str = "localhost"
    headers: Mapping[str, str] = field(default_factory=dict)
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
        """Query parameters; the first of each name."""
        pairs = parse_qsl(self.path.partition("?")[2].partition("#")[0], keep_blank_values=True)
        return dict(reversed(pairs))

    @property
    def cookies(self) -> Mapping[str, str]:
        pairs = (part.strip().partition("=") for part in self.headers.get("cookie", "").split(";"))
        return {name: value for name, sign, value in pairs if sign}

    @property
    def client(self) -> Ip:
        """The original client: the last address of `x-forwarded-for`, which is the only one a sidecar trusts."""
        forwarded = _ip(self.headers.get("x-forwarded-for", "").rpartition(",")[2].strip())
        return ip_address(self.source) if forwarded is None else forwarded

    def header(self, name: str) -> str | None:
        """The value of a header or pseudo header; None when it is not there."""
        match name.lower():
            case ":method":
                return self.method
            case ":path":
                return self.path
            case ":authority" | "host":
                return self.authority
            case other:
                return self.headers.get(other)


def _ip(text: str) -> Ip | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
