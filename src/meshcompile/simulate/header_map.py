"""The headers of a request, pseudo headers included, as Envoy keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from meshcompile.words import words

# Headers whose lines Envoy joins with commas when it adds them.
JOINED = words(
    """
    accept accept-encoding access-control-request-headers access-control-request-method
    access-control-request-private-network authentication authorization cache-control cdn-loop content-encoding
    content-length content-type expect grpc-accept-encoding grpc-timeout if-match if-modified-since if-none-match
    if-range if-unmodified-since keep-alive origin pragma proxy-authenticate proxy-authorization proxy-connection
    referer te transfer-encoding upgrade user-agent via connection
    x-client-trace-id x-envoy-attempt-count x-envoy-expected-rq-timeout-ms x-envoy-external-address
    x-envoy-force-trace x-envoy-internal x-envoy-original-path x-envoy-original-host x-envoy-retry-on
    x-envoy-retry-grpc-on x-envoy-max-retries x-envoy-upstream-rq-timeout-ms x-envoy-upstream-rq-timeout-alt-response
    x-envoy-upstream-rq-per-try-timeout-ms x-envoy-decorator-operation x-envoy-hedge-on-per-try-timeout
    x-envoy-retriable-header-names x-envoy-retriable-status-codes x-envoy-is-timeout-retry
    x-forwarded-client-cert x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-proto x-request-id
    """
)
INTERNAL = "x-envoy-internal"
"""Set by the connection manager alone, which removes it from what clients send."""
ALIASES = {"host": ":authority"}  # whose lines are joined as well


class HeaderMap(Struct, frozen=True):
    """The lines of each header, by its name in small letters. It never changes: each operation makes a new one."""

    lines: Mapping[str, tuple[str, ...]] = {}

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> HeaderMap:
        made: dict[str, tuple[str, ...]] = {}
        for name, value in pairs:
            _append(made, _key(name), value.strip(" \t"))
        return cls(made)

    def get(self, name: str) -> tuple[str, ...]:
        """The lines of a header; empty if it is missing."""
        return self.lines.get(_key(name), ())

    def joined(self, name: str) -> str | None:
        """All lines as one value, or None if the header is missing."""
        lines = self.lines.get(_key(name), ())
        return ",".join(lines) if lines else None

    def first(self, name: str) -> str:
        """The first line; "" if the header is missing."""
        return next(iter(self.lines.get(_key(name), ())), "")

    def with_set(self, pairs: Iterable[tuple[str, str]]) -> HeaderMap:
        return HeaderMap({**self.lines, **{_key(name): (value,) for name, value in pairs}})

    def with_added(self, pairs: Iterable[tuple[str, str]]) -> HeaderMap:
        made = dict(self.lines)
        for name, value in pairs:
            _append(made, _key(name), value)
        return HeaderMap(made)

    def without(self, names: Iterable[str]) -> HeaderMap:
        gone = frozenset(map(_key, names))
        return HeaderMap({name: lines for name, lines in self.lines.items() if name not in gone})


def _append(made: dict[str, tuple[str, ...]], name: str, value: str) -> None:
    before = made.get(name, ())
    made[name] = (f"{before[0]},{value}",) if before and (name in JOINED or name == ":authority") else (*before, value)


def _key(name: str) -> str:
    lower = name.lower()
    return ALIASES.get(lower, lower)


NO_HEADERS = HeaderMap()
