"""Matches of a VirtualService that a likely request does not show to be reached. The others need no proof.

For each match, one request is made that it takes and that is unlike all others: with a path, a method and headers that
no other match mentions. If no earlier match can take that request, the match is reached at every proxy that has it.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from meshcompile.models.common import StringMatch
from meshcompile.models.networking.virtual_service import HTTPMatchRequest

UNLIKELY = "~0"
"""A text that no match mentions."""
ALWAYS = {":method": UNLIKELY, ":authority": UNLIKELY, ":scheme": UNLIKELY}
"""What every request has."""


class LikelyRequest(Struct, frozen=True):
    """A request that a match takes: its path, and its headers and parameters. None stands for an unknown text."""

    path: str | None
    texts: Mapping[str, str | None]


class PathIndex(Struct, frozen=True):
    """The places of matches by their paths. `others` have none, or one that is not a plain text."""

    exact: dict[str, list[int]] = {}
    prefixes: dict[str, list[int]] = {}
    others: list[int] = []

    def add(self, index: int, match: HTTPMatchRequest | None) -> None:
        """Record the place of a match."""
        uri = None if match is None or match.ignore_uri_case else match.uri
        if uri is not None and uri.exact is not None:
            self.exact.setdefault(uri.exact, []).append(index)
        elif uri is not None and uri.prefix is not None:
            self.prefixes.setdefault(uri.prefix, []).append(index)
        else:
            self.others.append(index)

    def taking(self, path: str) -> Iterator[int]:
        """The places of the matches that may take a path."""
        yield from self.exact.get(path, ())
        for length in range(len(path) + 1) if self.prefixes else ():
            yield from self.prefixes.get(path[:length], ())
        yield from self.others


def unproved(matches: Sequence[HTTPMatchRequest | None]) -> list[int]:
    """The places of the matches that an earlier match may cover, or that may take no request at all."""
    index, found = PathIndex(), []
    for place, match in enumerate(matches):
        request = _likely(match)
        before = range(place) if request.path is None else index.taking(request.path)
        if _may_exclude_itself(match) or any(_may_take(matches[each], request) for each in before):
            found.append(place)
        index.add(place, match)
    return found


def _likely(match: HTTPMatchRequest | None) -> LikelyRequest:
    texts = {name: _text(wanted) for name, wanted in _conditions(match).items()}
    return LikelyRequest(_path(match), {**ALWAYS, **texts})


def _path(match: HTTPMatchRequest | None) -> str | None:
    """A path that a match takes; None if it is not known."""
    uri = None if match is None else match.uri
    if uri is None or (uri.exact, uri.prefix, uri.regex) == (None, None, None):
        return f"/{UNLIKELY}"
    return uri.exact if uri.prefix is None else f"{uri.prefix.rstrip('/')}/{UNLIKELY}"


def _text(wanted: StringMatch) -> str | None:
    """A text that meets a condition; None if it is not known."""
    if wanted.regex is not None:
        return None
    return wanted.exact if wanted.exact is not None else f"{wanted.prefix or ''}{UNLIKELY}"


def _conditions(match: HTTPMatchRequest | None) -> Mapping[str, StringMatch]:
    """The conditions on what a request must have, by name."""
    if match is None:
        return {}
    named = {":method": match.method, ":authority": match.authority, ":scheme": match.scheme}
    found = {name: wanted for name, wanted in named.items() if wanted is not None}
    found |= {f"header {name.lower()}": wanted for name, wanted in match.headers.items()}
    return found | {f"parameter {name}": wanted for name, wanted in match.query_params.items()}


def _may_exclude_itself(match: HTTPMatchRequest | None) -> bool:
    """True if there is a condition that a header must meet, and one that it must not meet."""
    if match is None or not match.without_headers:
        return False
    return not {name.lower() for name in match.headers}.isdisjoint(map(str.lower, match.without_headers))


def _may_take(match: HTTPMatchRequest | None, request: LikelyRequest) -> bool:
    """False for a match with a condition, beside that on the path, that a request does not meet."""
    return all(
        name in request.texts and _may_meet(wanted, request.texts[name]) for name, wanted in _conditions(match).items()
    )


def _may_meet(wanted: StringMatch, text: str | None) -> bool:
    if text is None or wanted.regex is not None:
        return True
    return text == wanted.exact if wanted.exact is not None else text.startswith(wanted.prefix or "")
