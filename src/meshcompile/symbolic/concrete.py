"""Witnesses about authorization as a connection and a request on it."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.simulate import ClientHello, DownstreamConnection, HttpRequest, PeerCertificate
from meshcompile.simulate.header_map import JOINED, HeaderMap
from meshcompile.simulate.jwt_authn import FILTER as TOKENS
from meshcompile.simulate.rbac_conditions import PEER_PRINCIPAL, RbacSubject
from meshcompile.spaces import Request
from meshcompile.symbolic.addresses import address, number
from meshcompile.symbolic.header_lines import LINES
from meshcompile.symbolic.metadata import LIST, TEXT, keys_of, place

ANY_CLIENT = "10.255.0.1"
ANY_SERVER = "240.240.0.9"


class ConcreteRequest(Struct, frozen=True, kw_only=True):
    """A request with everything that authorization rules can ask for.

    `principal` is None for plain text and "" for TLS without a certificate. `client` is the address that the proxy
    trusts. `noted` is what filters noted, by filter.
    """

    method: str = "GET"
    path: str = "/"
    authority: str = "any.example"
    headers: tuple[tuple[str, str], ...] = ()
    port: int = 80
    destination: str = ANY_SERVER
    source: str = ANY_CLIENT
    client: str = ANY_CLIENT
    sni: str = ""
    principal: str | None = None
    noted: Mapping[str, Mapping[str, Any]] = {}

    @classmethod
    def of(cls, witness: Request) -> Self:
        """The request that a witness describes. Dimensions that it lacks have values that no condition asks for."""
        plain: dict[str, Any] = {
            name: witness[name] for name in ("method", "path", "authority", "sni", "port") if name in witness
        }
        at: dict[str, Any] = {
            name: address(witness[name]) for name in ("destination", "source", "client") if name in witness
        }
        if "source" in at:
            at.setdefault("client", at["source"])
        return cls(
            **plain, **at, headers=tuple(_headers(witness)), principal=_principal(witness), noted=_noted(witness)
        )

    def without_tokens(self) -> Self:
        """The request as a proxy sees it that reads no tokens."""
        return replace(self, noted={})

    def to_dict(self, *, http: bool) -> dict[str, Any]:
        """Plain JSON data; without what connections do not have if it is none of HTTP."""
        connection = {"port": self.port, "source": self.source, "principal": self.principal, "sni": self.sni or None}
        if not http:
            return connection
        lines = HeaderMap.of(self.headers).lines
        headers = {name: list(values) if len(values) > 1 else values[0] for name, values in lines.items()}
        plain = {"method": self.method, "authority": self.authority, "path": self.path, "headers": headers}
        client = {"client": self.client} if self.client != self.source else {}
        return {**plain, **connection, **client, "claims": self.claims}

    @property
    def claims(self) -> Mapping[str, Any] | None:
        """The claims of the token; None if there is no token."""
        payloads = self.noted.get(TOKENS, {})
        return next((each for each in payloads.values() if isinstance(each, Mapping)), None)

    @property
    def hello(self) -> ClientHello | None:
        """The TLS handshake of the client; None for plain text."""
        if self.principal is None:
            return None
        certificate = PeerCertificate(uris=(self.principal,)) if self.principal else None
        return ClientHello(sni=self.sni, certificate=certificate)

    @property
    def connection(self) -> DownstreamConnection:
        return DownstreamConnection(
            destination=self.destination,
            port=self.port,
            source=self.source,
            tls=self.hello,
            filter_state={PEER_PRINCIPAL: self.principal or ""},
        )

    @property
    def request(self) -> HttpRequest:
        return HttpRequest(
            method=self.method, authority=self.authority, path=self.path, headers=self.headers, claims=self.claims
        )

    @property
    def subject(self) -> RbacSubject:
        """The request as rules see it."""
        pseudo = {":method": (self.method,), ":authority": (self.authority,), ":scheme": ("http",)}
        lines = HeaderMap({**pseudo, **HeaderMap.of(self.headers).lines})
        hello = self.hello
        peer = hello.certificate if hello is not None else None
        return RbacSubject(self.connection, peer, hello is not None, self.client, lines, self.path, self.noted)


def dimensions_of(request: ConcreteRequest) -> dict[str, Any]:
    """A request by dimension."""
    lines = HeaderMap.of(request.headers).lines
    return {
        "method": request.method,
        "path": request.path,
        "authority": request.authority,
        "scheme": "http",
        "port": request.port,
        "destination": number(request.destination),
        "source": number(request.source),
        "client": number(request.client),
        "sni": request.sni,
        "tls": request.principal is not None,
        "principal": request.principal,
        **{f"{LINES}{name}": values[0] if name in JOINED else values for name, values in lines.items()},
        **dict(_values(request.noted, ())),
    }


def _values(noted: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """The dimensions of what filters noted."""
    for key, value in noted.items():
        at = (*above, key)
        match value:
            case Mapping():
                yield from _values(value, at)
            case str():
                yield f"{TEXT}{place(at[0], at[1:])}", value
            case list() | tuple():
                yield f"{LIST}{place(at[0], at[1:])}", tuple(each for each in value if isinstance(each, str)) or None
            case _:
                pass


def _headers(witness: Request) -> Iterator[tuple[str, str]]:
    for name, value in sorted(witness.items()):
        if name.startswith(LINES) and value is not None:
            for line in value if isinstance(value, tuple) else (value,):
                yield name.removeprefix(LINES), line


def _principal(witness: Request) -> str | None:
    """The name in the certificate. A server name takes TLS."""
    if "principal" in witness:
        name: str | None = witness["principal"]
        return name
    return "" if witness.get("tls") or witness.get("sni") else None


def _noted(witness: Request) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in sorted(witness.items()):
        kind, _, at = name.partition(":")
        if f"{kind}:" not in (TEXT, LIST) or value is None:
            continue
        *above, last = keys_of(at)
        inside = made
        for key in above:
            inside = inside.setdefault(key, {})
        inside[last] = list(value) if isinstance(value, tuple) else value
    return made
