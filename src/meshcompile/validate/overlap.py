"""Rules and matches of VirtualServices that are never used: istiod's `analyzeUnreachable*Rules`.

The result is inexact in the same ways as istiod's: a match without a method counts as one for GET, schemes are ignored,
and regular expressions are ignored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from meshcompile.codes import validation as codes
from meshcompile.models.common import StringMatch
from meshcompile.models.networking.virtual_service import (
    HTTPMatchRequest,
    HTTPRoute,
    L4MatchAttributes,
    TCPRoute,
    TLSMatchAttributes,
    TLSRoute,
    VirtualServiceSpec,
)
from meshcompile.validate.checks import Found

Route = HTTPRoute | TLSRoute | TCPRoute
Match = HTTPMatchRequest | TLSMatchAttributes | L4MatchAttributes

OVERLAP = "duplicate/overlapping match in rule {}"
MAPS = ("headers", "without_headers", "query_params", "source_labels")


def unused_rules(spec: VirtualServiceSpec) -> Found:
    """Rules and matches that earlier ones make unreachable."""
    yield from _unused(spec.http)
    yield from _unused(spec.tcp)
    yield from _unused(spec.tls)


def _unused(routes: Sequence[Route]) -> Found:
    """Rules after one that matches everything, duplicate matches, and, for HTTP, matches that others cover."""
    if len(routes) < 2 and all(len(route.match) < 2 for route in routes):
        return
    seen: dict[str, str] = {}
    prefixes: list[Prefix] = []
    takes_all, several = False, sum(len(route.match) for route in routes) > 1
    for number, route in enumerate(routes):
        rule = _name(route, number)
        if takes_all:
            yield from _after_all(route, rule)
        elif route.match and several:
            new = [_is_new(seen, match, rule) for match in route.match]
            yield from _repeated(route, rule, new, seen)
            prefixes += _prefixes(route, rule, new)
        takes_all = takes_all or not route.match
    yield from _covered(prefixes)


def _after_all(route: Route, rule: str) -> Found:
    """A rule after one that matches everything."""
    if not route.match:
        yield codes.UNREACHABLE_RULE(route, rule=rule, reason="only the last rule can have no matches")
    for _ in route.match:
        yield codes.UNREACHABLE_RULE(route, rule=rule, reason="route without matches defined before")


def _is_new(seen: dict[str, str], match: Match, rule: str) -> bool:
    """Whether no earlier match is equal. Records the match with its rule."""
    key = _key(match)
    return key not in seen and seen.setdefault(key, rule) == rule


def _repeated(route: Route, rule: str, new: list[bool], seen: Mapping[str, str]) -> Found:
    matches: Sequence[Match] = route.match
    for number, (match, is_new) in enumerate(zip(matches, new, strict=True)):
        if not is_new:
            other = seen[_key(match)]
            yield codes.INEFFECTIVE_MATCH(match, rule=rule, match=_name(match, number), reason=OVERLAP.format(other))
    if not any(new):
        yield codes.UNREACHABLE_RULE(route, rule=rule, reason="all matches used by prior rules")


def _key(match: Match) -> str:
    """The fingerprint of a match, independent of its name and the order of its maps."""
    text = match.model_dump_json(exclude={"name"}, exclude_defaults=True)
    if all(len(getattr(match, field, ())) < 2 for field in MAPS):
        return text
    return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _name(node: Route | Match, number: int) -> str:
    name = getattr(node, "name", "")
    return json.dumps(name, ensure_ascii=False) if name else f"#{number}"


class Prefix(Struct, frozen=True):
    """A match for a path prefix, with the attributes that istiod compares."""

    match: HTTPMatchRequest
    rule: str
    name: str
    path: str
    port: int
    method: str
    authority: str
    headers: Mapping[str, str]
    query_params: Mapping[str, str]
    without_headers: Mapping[str, str]

    def covers(self, other: Prefix) -> bool:
        """Whether istiod regards the other match as covered. The other path starts with this one."""
        return (
            self.port == other.port
            and self.method.startswith(other.method)
            and self.authority.startswith(other.authority)
            and _all_start(self.headers, other.headers)
            and _all_start(self.query_params, other.query_params)
            and _all_start(self.without_headers, other.without_headers)
        )


def _all_start(values: Mapping[str, str], others: Mapping[str, str]) -> bool:
    return values.keys() == others.keys() and all(value.startswith(others[key]) for key, value in values.items())


def _prefixes(route: Route, rule: str, new: list[bool]) -> Iterator[Prefix]:
    matches: Sequence[Match] = route.match
    for number, (match, is_new) in enumerate(zip(matches, new, strict=True)):
        if is_new and isinstance(match, HTTPMatchRequest) and match.uri is not None and match.uri.prefix:
            yield Prefix(
                match=match,
                rule=rule,
                name=_name(match, number),
                path=match.uri.prefix,
                port=match.port,
                method=_wanted(match.method) or "exact:GET",
                authority=_wanted(match.authority),
                headers={name: _wanted(value) for name, value in match.headers.items()},
                query_params={name: _wanted(value) for name, value in match.query_params.items()},
                without_headers={name: _wanted(value) for name, value in match.without_headers.items()},
            )


def _wanted(match: StringMatch | None) -> str:
    if match is None:
        return ""
    return f"exact:{match.exact}" if match.exact else f"prefix:{match.prefix}" if match.prefix else ""


def _covered(prefixes: list[Prefix]) -> Found:
    """Matches for a prefix that an earlier match already covers."""
    by_path: dict[str, list[int]] = {}
    covered: list[tuple[int, int]] = []
    for number, prefix in enumerate(prefixes):
        shorter = (prefix.path[:length] for length in range(1, len(prefix.path)))
        before = (other for path in shorter for other in by_path.get(path, ()))
        covered += [(other, number) for other in before if prefixes[other].covers(prefix)]
        by_path.setdefault(prefix.path, []).append(number)
    for other, number in sorted(covered):
        wide, narrow = prefixes[other], prefixes[number]
        yield codes.INEFFECTIVE_MATCH(
            narrow.match,
            rule=narrow.rule,
            match=f"{narrow.name} of prefix {narrow.path}",
            reason=OVERLAP.format(f"{wide.name} of prefix {wide.path} on {wide.rule}"),
        )
