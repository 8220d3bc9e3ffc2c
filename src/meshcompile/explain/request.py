"""A request to explain: who sends what where, and what is known of the world outside of the mesh."""

from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlsplit

from msgspec import Struct

from meshcompile.errors import InvalidArgument

OUTSIDE = "outside"
"""The sender of requests that come from outside of the mesh, through a gateway."""
PORTS = {"http": 80, "https": 443}


class Given(Struct, frozen=True):
    """Facts that the configuration does not say.

    `apps` has by workload (`catalog-v1` or `catalog-v1.shop`) the `status` that it answers and its `delay` in seconds.
    `externals` has by host and port what listens there: `http` or `tls`. A host that is not named is assumed to speak
    what it is called with.
    """

    apps: Mapping[str, Mapping[str, Any]] = {}
    externals: Mapping[str, Mapping[int, str]] = {}


class Request(Struct, frozen=True, kw_only=True):
    """A request.

    `sender` is a workload such as `deployment/web.shop`, or `outside`. `url` has the host, and a port where it is not
    the usual one. `headers` can have several lines per name; `host` replaces the host of the URL. `tls` says whether
    the sender speaks TLS itself, by default for `https` URLs; `sni` is its server name, by default the host.
    `principal` is the SPIFFE identity of a sender without a proxy that has a certificate. `claims` are those of a token
    that is signed well. `to` is the gateway for requests from outside. `ip` is the address that is called, by default
    that of the host. `source` is the address of a sender outside.
    """

    url: str
    sender: str = OUTSIDE
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    tls: bool | None = None
    sni: str | None = None
    principal: str = ""
    claims: Mapping[str, Any] | None = None
    to: str = ""
    ip: str = ""
    port: int | None = None
    source: str = ""
    given: Given = Given()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The request of a mapping: `{from, method, url, headers, sni, tls, principal, claims, to, ip, port, given}`.

        Raises InvalidArgument for an unknown key, a missing URL, or a value of a wrong type.
        """
        unknown = sorted(data.keys() - KEYS)
        if unknown:
            raise InvalidArgument(f"a request has no `{unknown[0]}`: known are {', '.join(sorted(KEYS))}")
        if not isinstance(data.get("url"), str):
            raise InvalidArgument("a request needs a `url`, such as http://catalog/items")
        plain = {key: data[key] for key in PLAIN if data.get(key) is not None}
        return cls(
            **plain,
            sender=str(data.get("from") or OUTSIDE),
            source=str(data.get("from_ip") or ""),
            headers=_headers(data.get("headers") or {}),
            given=_given(data.get("given") or {}),
        )

    def to_dict(self) -> dict[str, Any]:
        """The mapping of `from_dict`."""
        plain = {name: getattr(self, name) for name in PLAIN if getattr(self, name) not in (None, "")}
        headers = {"headers": dict(self.headers)} if self.headers else {}
        return {"from": self.sender, **plain, **headers}

    @property
    def host(self) -> str:
        """The host of the URL, without the port."""
        return urlsplit(self.url).hostname or ""

    @property
    def target_port(self) -> int:
        """The port that is called."""
        return self.port or urlsplit(self.url).port or PORTS.get(urlsplit(self.url).scheme, 80)

    @property
    def authority(self) -> str:
        """The host header, with a port where the URL has one."""
        given = next((value for name, value in self.headers if name.lower() in ("host", ":authority")), None)
        return given or urlsplit(self.url).netloc.rpartition("@")[2]

    @property
    def path(self) -> str:
        """The path with the query."""
        parts = urlsplit(self.url)
        return f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"

    @property
    def speaks_tls(self) -> bool:
        """Whether the sender itself starts TLS."""
        return urlsplit(self.url).scheme == "https" if self.tls is None else self.tls

    @property
    def server_name(self) -> str:
        """The server name of the sender's own TLS."""
        return self.host if self.sni is None else self.sni

    @property
    def sent_headers(self) -> tuple[tuple[str, str], ...]:
        """The headers without the host."""
        return tuple((name, value) for name, value in self.headers if name.lower() not in ("host", ":authority"))


PLAIN = ("method", "url", "sni", "tls", "principal", "claims", "to", "ip", "port")
KEYS = frozenset((*PLAIN, "from", "from_ip", "headers", "given"))


def _headers(given: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(given, Mapping):
        raise InvalidArgument("`headers` is a mapping from names to values")
    values = ((name, each if isinstance(each, list) else [each]) for name, each in given.items())
    return tuple((str(name), str(value)) for name, several in values for value in several)


def _given(data: Any) -> Given:
    if not isinstance(data, Mapping):
        raise InvalidArgument("`given` is a mapping with `apps` and `externals`")
    externals = {
        host: {int(port): str(what) for port, what in ports.items()}
        for host, ports in (data.get("externals") or {}).items()
    }
    return Given(data.get("apps") or {}, externals)
