"""The tokens of a request, at the places where a provider looks for them.

Nothing is verified here. A token is known to be valid if the request gives its claims. Another token may be valid or
not.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from meshcompile.envoy.extensions.filters.http.jwt_authn import JwtProvider
from meshcompile.simulate.path import ESCAPE
from meshcompile.simulate.query_match import query_parameter
from meshcompile.simulate.requests import HttpRequest, TokenState
from meshcompile.simulate.route_match import cookie_value
from meshcompile.simulate.streams import HttpStream

BASE64 = re.compile(r"[A-Za-z0-9_\-]*")
TOKEN = re.compile(r"[A-Za-z0-9\-_.]")


class TokenPlace(Struct, frozen=True, order=True):
    """Where a token is: `kind` is 0 for headers, 1 for parameters, 2 for cookies."""

    kind: int
    name: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"{('header', 'parameter', 'cookie')[self.kind]} {self.name}"


@dataclass(frozen=True, slots=True)
class FoundToken:
    """A token. `claims` is None for a text that is no token. `state` is None if nothing is known of the token."""

    place: TokenPlace
    text: str
    claims: Mapping[str, Any] | None
    state: TokenState | None


DEFAULT_PLACES = (TokenPlace(0, "authorization", "Bearer "), TokenPlace(1, "access_token"))


def places(provider: JwtProvider) -> tuple[TokenPlace, ...]:
    """Where the tokens of a provider are, in the order in which Envoy looks."""
    chosen = (
        *(TokenPlace(0, each.name.lower(), each.value_prefix) for each in provider.from_headers),
        *(TokenPlace(1, name) for name in provider.from_params),
        *(TokenPlace(2, name) for name in provider.from_cookies),
    )
    return tuple(sorted(chosen or DEFAULT_PLACES))


def found_tokens(searched: tuple[TokenPlace, ...], stream: HttpStream) -> list[FoundToken]:
    """The tokens at some places. Claims that come with no text of a token are at the first place."""
    texts = [(place, text) for place in searched for text in _texts(place, stream)]
    given = stream.request.claims
    found = [_read(place, text, stream.request) for place, text in texts]
    if given is not None and not any(token.claims == given for token in found) and not _is_written(stream):
        found += [FoundToken(place, "", given, TokenState.VALID) for place in searched[:1]]
    return found


def _is_written(stream: HttpStream) -> bool:
    """Whether some header, cookie or parameter of the request has a token with the given claims."""
    texts = [line for lines in stream.headers.lines.values() for line in lines]
    parts = (part for text in texts for part in re.split(r"[ ;=&?,\"]", text) if part.count(".") == 2)
    return any(decoded(part) == stream.request.claims for part in parts) or not _has_claims(stream)


def _has_claims(stream: HttpStream) -> bool:
    """Whether the claims still belong to the request: a filter may have removed its token."""
    return not stream.metadata.get("simulate", {}).get("token removed")


def _texts(place: TokenPlace, stream: HttpStream) -> Iterator[str]:
    if place.kind == 0:
        for line in stream.headers.get(place.name):
            if place.prefix in line:
                yield _after(line, place.prefix)
    else:
        value = query_parameter(stream.path, place.name) if place.kind == 1 else cookie_value(stream, place.name)
        if value is not None:
            yield value


def _after(line: str, prefix: str) -> str:
    """The text after the prefix, from the first character that a token may have."""
    if not prefix:
        return line
    begins = TOKEN.search(line, line.index(prefix) + len(prefix))
    return line if begins is None else line[begins.start() :]


def _read(place: TokenPlace, text: str, request: HttpRequest) -> FoundToken:
    claims = decoded(text)
    given = claims is not None and claims == request.claims
    return FoundToken(place, text, claims, TokenState.VALID if given else request.tokens.get(text))


def decoded(text: str) -> Mapping[str, Any] | None:
    """The claims in the text of a token; None for any other text."""
    parts = text.split(".")
    if len(parts) != 3 or not all(map(BASE64.fullmatch, parts)):
        return None
    try:
        header, claims = (json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2])
    except ValueError:
        return None
    return claims if isinstance(header, dict) and isinstance(claims, dict) and "alg" in header else None


def without_token(place: TokenPlace, stream: HttpStream) -> HttpStream:
    """The stream after a valid token was taken out of it. Cookies stay."""
    removed = stream.with_metadata("simulate", {"token removed": True})
    match place.kind:
        case 0:
            return removed.with_headers(stream.headers.without((place.name,)))
        case 1:
            path = _without_parameter(stream.path, place.name)
            return removed.with_headers(stream.headers.with_set(((":path", path),)))
        case _:
            return removed


def _without_parameter(path: str, name: str) -> str:
    """The path without a parameter. Envoy writes the others anew: decoded, and sorted by name."""
    bare, _, query = path.partition("?")
    pairs = [tuple(map(percent_decoded, part.partition("=")[::2])) for part in query.split("&")]
    kept = sorted((pair for pair in pairs if pair[0] != name), key=lambda pair: pair[0])
    return f"{bare}?{'&'.join(map('='.join, kept))}" if kept else bare


def percent_decoded(text: str) -> str:
    """The text with its escaped bytes decoded, one character each."""
    return ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
