"""A request on its way through a proxy, and the conditions that are asked of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from msgspec import Struct

from meshcompile.simulate.header_map import HeaderMap
from meshcompile.simulate.requests import DownstreamConnection, HttpRequest, PeerCertificate

Metadata = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class HttpStream:
    """A request as the filters see it.

    `peer` is the client's certificate after a handshake with mutual TLS. `client` is the address of the client that the
    proxy trusts, from `x-forwarded-for` or from the connection. `computed` are headers whose values only the running
    proxy knows. `metadata` is what filters have noted, by filter.
    """

    request: HttpRequest
    connection: DownstreamConnection
    headers: HeaderMap
    peer: PeerCertificate | None = None
    is_tls: bool = False
    client: str = ""
    is_edge: bool = False
    computed: tuple[str, ...] = ()
    metadata: Metadata = field(default_factory=dict)

    @property
    def method(self) -> str:
        return self.headers.first(":method")

    @property
    def authority(self) -> str:
        return self.headers.first(":authority")

    @property
    def path(self) -> str:
        """The path with the query."""
        return self.headers.first(":path")

    @property
    def path_only(self) -> str:
        """The path without query and fragment."""
        return self.path.partition("?")[0].partition("#")[0]

    def with_headers(self, headers: HeaderMap) -> Self:
        return replace(self, headers=headers)

    def with_metadata(self, name: str, values: Mapping[str, Any]) -> Self:
        """The stream after a filter noted some values."""
        return replace(self, metadata={**self.metadata, name: {**self.metadata.get(name, {}), **values}})


@dataclass(frozen=True, slots=True)
class Check:
    """A condition of a match. `pointer` is its place below the match: `/headers/0`.

    `subject` and `wanted` are its text: "header x-user", "exact `v2`". `found` gives what the request has instead; None
    for nothing.
    """

    pointer: str
    subject: str
    wanted: str
    holds: Callable[[HttpStream], bool]
    found: Callable[[HttpStream], str | None]


class FailedCheck(Struct, frozen=True):
    """A condition that the request does not meet, with its JSON pointer. `found` is None if there is no such thing."""

    pointer: str
    subject: str
    wanted: str
    found: str | None

    def __str__(self) -> str:
        return f"{self.subject} is {'absent' if self.found is None else f'`{self.found}`'}, {self.wanted} is wanted"


class NearMiss(Struct, frozen=True):
    """Something that was not chosen, such as a route, and the conditions that failed."""

    pointer: str
    name: str
    failed: tuple[FailedCheck, ...]


def failed_checks(checks: Iterable[Check], stream: HttpStream, pointer: str) -> tuple[FailedCheck, ...]:
    """The conditions that do not hold. `pointer` is the place of the match."""
    return tuple(
        FailedCheck(pointer + check.pointer, check.subject, check.wanted, check.found(stream))
        for check in checks
        if not check.holds(stream)
    )
