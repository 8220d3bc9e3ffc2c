"""Tokens in requests, checked as Envoy's JWT filter checks them."""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, NamedTuple

from meshcompile.models.security.request_authentication import JWTRule
from meshcompile.resolve.jwt import Issuer, JwtAuthentication
from meshcompile.tools.policies.requests import Request
from meshcompile.tools.policies.signatures import is_signed

# Clocks may differ by this much, in seconds.
CLOCK_SKEW = 60
_TOKEN = re.compile(r"[A-Za-z0-9\-_.]")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A request whose token is not valid, or `forbidden`: valid, but for others; or of an `unknown` issuer."""

    reason: str
    forbidden: bool = False
    unknown: bool = False


MISSING = Rejected("there is no token", unknown=True)


@dataclass(frozen=True, slots=True)
class Token:
    """A token, taken apart."""

    header: Mapping[str, Any]
    payload: Mapping[str, Any]
    signed: bytes
    signature: bytes


class Where(IntEnum):
    """Kinds of places for tokens."""

    HEADER = 0
    PARAMETER = 1
    COOKIE = 2


class Place(NamedTuple):
    """A place for a token. Header names are in lower case."""

    where: Where
    name: str
    prefix: str = ""

    def emptied(self, request: Request) -> Request:
        """The request without what is in this place; cookies stay."""
        match self.where:
            case Where.HEADER:
                return request.without_header(self.name)
            case Where.PARAMETER:
                return request.without_parameter(self.name)
            case Where.COOKIE:
                return request


DEFAULT_PLACES = (Place(Where.HEADER, "authorization", "Bearer "), Place(Where.PARAMETER, "access_token"))


def authenticated(jwt: JwtAuthentication, request: Request, now: float | None) -> Request | Rejected:
    """The request as it goes on, with the claims of its last token and without tokens that are not forwarded; or why
    it is rejected.

    It goes on when the tokens in the places of one issuer are all that issuer's and valid; else when that is so for
    every issuer in whose places there are any.
    """
    reading = _Reading(request, now)
    rejected = reading.of_any(jwt.issuers) if len(jwt.issuers) > 1 else reading.of_all(jwt.issuers)
    return reading.request if rejected is None else rejected


@dataclass(slots=True)
class _Reading:
    """A request whose tokens are being read: a good one that is not forwarded is gone for whoever looks next."""

    request: Request
    now: float | None

    def of_any(self, issuers: Sequence[Issuer]) -> Rejected | None:
        """None when one issuer's tokens are valid, or all are. That a token is another's is the worst of reasons."""
        reasons: list[Rejected] = []
        for issuer in issuers:
            rejected = self.of(issuer)
            if rejected is None:
                return None
            reasons.append(rejected)
        rejected = self.of_all(issuers)
        if rejected is None:
            return None
        reasons.append(rejected)
        return next((reason for reason in reversed(reasons) if not reason.unknown), rejected)

    def of_all(self, issuers: Iterable[Issuer]) -> Rejected | None:
        """None when no issuer has anything against the tokens in its places; there may be none."""
        rejections = (self.of(issuer) for issuer in issuers)
        return next((each for each in rejections if each is not None and each is not MISSING), None)

    def of(self, issuer: Issuer) -> Rejected | None:
        """None when all tokens in the issuer's places are valid, of which the last one is looked at first."""
        found = list(_found(issuer.rule, self.request))
        rejections = (self._rejection(place, text, issuer) for place, text in reversed(found))
        return next((each for each in rejections if each is not None), None) if found else MISSING

    def _rejection(self, place: Place, text: str, issuer: Issuer) -> Rejected | None:
        token = parsed(text)
        if token is None:
            return Rejected("this is no token")
        if token.payload.get("iss") != issuer.rule.issuer:
            return Rejected(f"nobody looks for tokens of {token.payload.get('iss')} there", unknown=True)
        claims = verified(token, issuer, self.now)
        if isinstance(claims, Rejected):
            return claims
        forwarded = self.request if issuer.rule.forward_original_token else place.emptied(self.request)
        self.request = replace(forwarded, claims=claims)
        return None


def _found(rule: JWTRule, request: Request) -> Iterator[tuple[Place, str]]:
    """The texts in the issuer's places, headers first."""
    for place in sorted(places(rule)):
        yield from ((place, text) for text in _texts_at(place, request))


def places(rule: JWTRule) -> tuple[Place, ...]:
    """Where an issuer's tokens are looked for."""
    chosen = (
        *(Place(Where.HEADER, header.name.lower(), header.prefix) for header in rule.from_headers),
        *(Place(Where.PARAMETER, name) for name in rule.from_params),
        *(Place(Where.COOKIE, name) for name in rule.from_cookies),
    )
    return chosen or DEFAULT_PLACES


def _texts_at(place: Place, request: Request) -> Iterator[str]:
    match place.where:
        case Where.HEADER:
            lines = (line for line in request.lines(place.name) if place.prefix in line)
            yield from (_after_prefix(line, place.prefix) if place.prefix else line for line in lines)
        case Where.PARAMETER if place.name in request.query:
            yield request.query[place.name]
        case Where.COOKIE if place.name in request.cookies:
            yield request.cookies[place.name]


def _after_prefix(line: str, prefix: str) -> str:
    """What stands behind the prefix, from the first character on that a token may have."""
    begins = _TOKEN.search(line, line.index(prefix) + len(prefix))
    return line if begins is None else line[begins.start() :]


def verified(token: Token, issuer: Issuer, now: float | None) -> Mapping[str, object] | Rejected:
    """The claims of a token that its issuer has signed, for us and for now."""
    payload, rule = token.payload, issuer.rule
    if now is not None and payload.get("nbf", 0) > now + CLOCK_SKEW:
        return Rejected("the token is not valid yet")
    if now is not None and payload.get("exp") and payload["exp"] < now - CLOCK_SKEW:
        return Rejected("the token has expired")
    if rule.audiences and not set(rule.audiences) & set(_audiences(payload)):
        return Rejected(f"the token is for others than {', '.join(rule.audiences)}", forbidden=True)
    if not is_signed(token.signed, token.signature, token.header, issuer.keys):
        return Rejected("no key of the issuer has signed the token")
    return {name: _normalized(name, value, issuer) for name, value in payload.items()}


def parsed(text: str) -> Token | None:
    """A token as it is written in a request; None for a text of another form."""
    parts = text.split(".")
    if len(parts) != 3:
        return None
    try:
        header, payload = (json.loads(_decoded(part)) for part in parts[:2])
        signature = _decoded(parts[2])
    except (ValueError, binascii.Error):
        return None
    if not isinstance(header, dict) or not isinstance(payload, dict) or not _is_well_formed(header, payload):
        return None
    return Token(header, payload, f"{parts[0]}.{parts[1]}".encode(), signature)


def _is_well_formed(header: Mapping[str, Any], payload: Mapping[str, Any]) -> bool:
    """Whether what Envoy reads of a token, as far as it is there, is of the right type."""
    texts = (header.get("alg"), header.get("kid", ""), *(payload.get(name, "") for name in ("iss", "sub", "jti")))
    times = (payload.get(name, 0) for name in ("iat", "nbf", "exp"))
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(time, int | float) and not isinstance(time, bool) and time >= 0 for time in times)
        and all(isinstance(audience, str) for audience in _audiences(payload))
    )


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _audiences(payload: Mapping[str, Any]) -> list[Any]:
    audiences = payload.get("aud", [])
    return audiences if isinstance(audiences, list) else [audiences]


def _normalized(name: str, value: object, issuer: Issuer) -> object:
    """Claims that hold several values in one text become lists."""
    return value.split(" ") if isinstance(value, str) and name in issuer.space_delimited_claims else value
