"""Tokens in requests, verified as Envoy's JWT filter verifies them."""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, NamedTuple

from meshcompile.models.security.request_authentication import JWTRule
from meshcompile.resolve.security.jwt import Issuer, JwtAuthentication
from meshcompile.tools.policies.requests import PolicyRequest
from meshcompile.tools.policies.signatures import is_signed

# The allowed clock skew in seconds.
CLOCK_SKEW = 60
_TOKEN = re.compile(r"[A-Za-z0-9\-_.]")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A rejected token. `forbidden` means that the token is valid for another audience. `unknown` means that no rule
    applies to its issuer, or that there is no token.
    """

    reason: str
    forbidden: bool = False
    unknown: bool = False


MISSING = Rejected("there is no token", unknown=True)


@dataclass(frozen=True, slots=True)
class JsonWebToken:
    """A parsed token."""

    header: Mapping[str, Any]
    payload: Mapping[str, Any]
    signed: bytes
    signature: bytes


class Where(IntEnum):
    """The kinds of token locations."""

    HEADER = 0
    PARAMETER = 1
    COOKIE = 2


class TokenLocation(NamedTuple):
    """A location of a token. Header names are lower case."""

    where: Where
    name: str
    prefix: str = ""

    def emptied(self, request: PolicyRequest) -> PolicyRequest:
        """The request without the token at this location. Cookies stay."""
        match self.where:
            case Where.HEADER:
                return request.without_header(self.name)
            case Where.PARAMETER:
                return request.without_parameter(self.name)
            case Where.COOKIE:
                return request


DEFAULT_LOCATIONS = (
    TokenLocation(Where.HEADER, "authorization", "Bearer "),
    TokenLocation(Where.PARAMETER, "access_token"),
)


def authenticated(jwt: JwtAuthentication, request: PolicyRequest, now: float | None) -> PolicyRequest | Rejected:
    """The request after authentication, or the reason why it is rejected. It has the claims of its last token, and
    lacks tokens that are not forwarded.

    With several issuers, the request passes if all tokens at the locations of one issuer are valid tokens of that
    issuer. Otherwise it passes if this holds for every issuer that has a token at its locations.
    """
    check = _TokenCheck(request, now)
    rejected = check.of_any(jwt.issuers) if len(jwt.issuers) > 1 else check.of_all(jwt.issuers)
    return check.request if rejected is None else rejected


@dataclass(slots=True)
class _TokenCheck:
    """The check of a request's tokens. It removes a valid token that is not forwarded, so later issuers do not see
    it.
    """

    request: PolicyRequest
    now: float | None

    def of_any(self, issuers: Sequence[Issuer]) -> Rejected | None:
        """None if one issuer's tokens are valid, or if all are. Otherwise the last reason other than an unknown
        issuer.
        """
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
        """None if no issuer rejects a token at its locations. A missing token is not rejected."""
        rejections = (self.of(issuer) for issuer in issuers)
        return next((each for each in rejections if each is not None and each is not MISSING), None)

    def of(self, issuer: Issuer) -> Rejected | None:
        """None if all tokens at the issuer's locations are valid. The last token is checked first."""
        found = list(_found(issuer.rule, self.request))
        rejections = (self._rejection(place, text, issuer) for place, text in reversed(found))
        return next((each for each in rejections if each is not None), None) if found else MISSING

    def _rejection(self, place: TokenLocation, text: str, issuer: Issuer) -> Rejected | None:
        token = parsed(text)
        if token is None:
            return Rejected("this is not a token")
        if token.payload.get("iss") != issuer.rule.issuer:
            return Rejected(f"no rule accepts tokens of {token.payload.get('iss')} at this location", unknown=True)
        claims = verified(token, issuer, self.now)
        if isinstance(claims, Rejected):
            return claims
        forwarded = self.request if issuer.rule.forward_original_token else place.emptied(self.request)
        self.request = replace(forwarded, claims=claims)
        return None


def _found(rule: JWTRule, request: PolicyRequest) -> Iterator[tuple[TokenLocation, str]]:
    """The token texts at the issuer's locations, headers first."""
    for place in sorted(places(rule)):
        yield from ((place, text) for text in _texts_at(place, request))


def places(rule: JWTRule) -> tuple[TokenLocation, ...]:
    """The locations of an issuer's tokens."""
    chosen = (
        *(TokenLocation(Where.HEADER, header.name.lower(), header.prefix) for header in rule.from_headers),
        *(TokenLocation(Where.PARAMETER, name) for name in rule.from_params),
        *(TokenLocation(Where.COOKIE, name) for name in rule.from_cookies),
    )
    return chosen or DEFAULT_LOCATIONS


def _texts_at(place: TokenLocation, request: PolicyRequest) -> Iterator[str]:
    match place.where:
        case Where.HEADER:
            lines = (line for line in request.lines(place.name) if place.prefix in line)
            yield from (_after_prefix(line, place.prefix) if place.prefix else line for line in lines)
        case Where.PARAMETER if place.name in request.query:
            yield request.query[place.name]
        case Where.COOKIE if place.name in request.cookies:
            yield request.cookies[place.name]


def _after_prefix(line: str, prefix: str) -> str:
    """The text after the prefix, from the first character that a token may contain."""
    begins = _TOKEN.search(line, line.index(prefix) + len(prefix))
    return line if begins is None else line[begins.start() :]


def verified(token: JsonWebToken, issuer: Issuer, now: float | None) -> Mapping[str, object] | Rejected:
    """The claims of a valid token: it has not expired, its audience is accepted, and the issuer signed it."""
    payload, rule = token.payload, issuer.rule
    if now is not None and payload.get("nbf", 0) > now + CLOCK_SKEW:
        return Rejected("the token is not valid yet")
    if now is not None and payload.get("exp") and payload["exp"] < now - CLOCK_SKEW:
        return Rejected("the token has expired")
    if rule.audiences and not set(rule.audiences) & set(_audiences(payload)):
        return Rejected(f"the audience of the token is none of {', '.join(rule.audiences)}", forbidden=True)
    if not is_signed(token.signed, token.signature, token.header, issuer.keys):
        return Rejected("no key of the issuer has signed the token")
    return {name: _normalized(name, value, issuer) for name, value in payload.items()}


def parsed(text: str) -> JsonWebToken | None:
    """A token from its text in a request; None for any other text."""
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
    return JsonWebToken(header, payload, f"{parts[0]}.{parts[1]}".encode(), signature)


def _is_well_formed(header: Mapping[str, Any], payload: Mapping[str, Any]) -> bool:
    """Whether the members of a token that Envoy reads have the right types, if they are present."""
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
    """The value of a claim. A text with several values becomes a list."""
    return value.split(" ") if isinstance(value, str) and name in issuer.space_delimited_claims else value
