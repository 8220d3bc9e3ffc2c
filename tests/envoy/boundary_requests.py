"""Requests aimed at the routes of a table: in the set that a route matches, and just beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from meshcompile.envoy.config.route import RouteConfiguration, VirtualHost
from meshcompile.simulate import HttpRequest
from meshcompile.simulate.http_syntax import METHODS as KNOWN
from meshcompile.simulate.virtual_host import domain_index
from meshcompile.spaces import Cube, Row
from meshcompile.symbolic.host_table import HostTable
from meshcompile.symbolic.requests import FORWARDED_PROTO, http_request
from tests.envoy.generated_scenarios import ODD_HEADERS, ODD_PATHS
from tests.envoy.random_tables import PATHS, TEXTS

Values = Mapping[str, Sequence[Any]]
METHODS = ("GET", "GET", "POST", "PUT", "OPTIONS", "DELETE", "PATCH", "PROPFIND")
HEADERS, PARAMETERS = ("header:x-a", "header:x-b", "header:x-c"), ("query:p", "query:q")
PLAIN: Values = {
    "path": (*PATHS, "/c.json", "/a/b/", "/aa", "/B", "/a-b", "/other"),
    "method": METHODS,
    "scheme": ("http", "http", "https"),
    "header:content-type": ("application/grpc", "application/grpc+proto", "application/grpc-web", "text/plain"),
}
"""Values of dimensions that are tried beside those that the routes name."""
OTHER_TEXTS = (*TEXTS, "aa", "AB", "a b", "0", "13", "1,2", "a,a")
TRIES = 8


class Aim:
    """Makes requests for the routes of one virtual host."""

    def __init__(self, host: VirtualHost, table: RouteConfiguration, tested: HostTable) -> None:
        self.rows: tuple[Row, ...] = tested.table.rows
        self.hosts = tuple(dict.fromkeys(_hosts(host, table)))
        self.values = self._mentioned()

    def _mentioned(self) -> dict[str, list[Any]]:
        """An example of each condition by dimension, and usual values."""
        found: dict[str, dict[Any, None]] = {name: dict.fromkeys(values) for name, values in PLAIN.items()}
        for name in HEADERS:
            found[name] = dict.fromkeys((None, *OTHER_TEXTS))
        for name in PARAMETERS:
            found[name] = dict.fromkeys((None, *(text for text in OTHER_TEXTS if " " not in text)))
        for row in self.rows:
            for cube in row.possible.cubes:
                for name, values in cube.conditions:
                    found.setdefault(name, {})[values.example()] = None
        return {name: list(values) for name, values in found.items()}

    def can_match(self, index: int) -> bool:
        """Whether a request is known that a route matches."""
        return bool(self.rows[index].possible.cubes and self.hosts)

    def at(self, random: Random, index: int) -> HttpRequest | None:
        """A request for a route, in its set two times of three; None if nothing is known to match it."""
        cubes = self.rows[index].possible.cubes
        if not cubes or not self.hosts:
            return None
        wanted = self._within(random, random.choice(cubes))
        for _ in range(random.choice((0, 0, 1, 1, 2))):
            name = random.choice((*HEADERS, *PARAMETERS, *self.values))
            if name not in wanted or random.random() < 0.2:
                wanted[name] = random.choice(self.values[name])
        if random.random() < 0.3:
            wanted["path"] = "/" + _near(random, str(wanted.get("path", "/"))).lstrip("/")
        return self._sent(random, wanted)

    def _within(self, random: Random, cube: Cube) -> dict[str, Any]:
        """A request of a cube, with unusual values where they are known to be in it."""
        wanted: dict[str, Any] = {}
        for name, values in cube.conditions:
            tried = (self._varied(random, name) for _ in range(TRIES))
            chosen = next((each for each in tried if random.random() < 0.7 and values.accepts(each)), None)
            wanted[name] = values.example() if chosen is None else chosen
        return wanted

    def _varied(self, random: Random, name: str) -> Any:
        value = random.choice(self.values.get(name, (None,)))
        if name == "method" or not isinstance(value, str) or random.random() < 0.7:
            return value
        return _near(random, value)

    def _sent(self, random: Random, wanted: Mapping[str, Any]) -> HttpRequest | None:
        host = random.choice(self.hosts)
        plain = http_request(wanted, host)
        headers = [each for pair in plain.headers for each in _lines(random, pair)]
        if random.random() < 0.05 and FORWARDED_PROTO not in dict(plain.headers):
            headers.append((FORWARDED_PROTO, random.choice(("http", "https"))))
        path = _reordered(random, plain.path)
        if random.random() < 0.03:
            path = random.choice(ODD_PATHS)
        if random.random() < 0.03:
            headers.append(random.choice(ODD_HEADERS))
        method = plain.method if "method" in wanted or wanted.get("connect") else random.choice(METHODS)
        if method not in KNOWN:  # which Envoy only takes in HTTP/2
            return None
        authority = plain.authority if random.random() < 0.9 else odd_authority(random, host)
        return HttpRequest(method=method, authority=authority, path=path, headers=tuple(headers))


def _hosts(host: VirtualHost, table: RouteConfiguration) -> Iterator[str]:
    """Hosts that a virtual host takes."""
    index = domain_index(table)
    labels = ("www", "x.y", "any.example", "a:80", "z")
    candidates = (domain.replace("*", label) for domain in host.domains for label in labels)
    return (each for each in candidates if (at := index.find(each)) is not None and table.virtual_hosts[at] is host)


def _near(random: Random, text: str) -> str:
    """A text that is a little longer, shorter, or in other letters."""
    changed = (f"{text}a", f"{text}/", f"{text}/a", f"a{text}", text[:-1], text.upper(), text.lower(), f"{text}.", text)
    return random.choice(changed)


def _lines(random: Random, header: tuple[str, str]) -> list[tuple[str, str]]:
    """A header in lines: one, or one for each value between commas."""
    name, value = header
    spelled = name.upper() if random.random() < 0.1 else name
    if "," not in value or random.random() < 0.5:
        return [(spelled, value)]
    return [(spelled, part) for part in value.split(",")]


def _reordered(random: Random, path: str) -> str:
    """The path with its parameters in another order, or with one more."""
    plain, _, query = path.partition("?")
    parts = query.split("&") if query else []
    if random.random() < 0.1:
        parts.append(random.choice(("p=a", "q", "p=", "z=1", "P=a", "p=a%62")))
    if random.random() < 0.2:
        random.shuffle(parts)
    return f"{plain}?{'&'.join(parts)}" if parts else plain


def odd_authority(random: Random, host: str) -> str:
    """The host in capitals, with a port, or another one."""
    return random.choice((host.upper(), f"{host}:80", f"{host}:8080", f"x.{host}", host.partition(":")[0], "other"))
