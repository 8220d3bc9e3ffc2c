"""Tokens in requests, checked as Envoy's JWT filter checks them.

Signatures of RSA (`RS256`...) and shared secrets (`HS256`...) are verified here; tokens with others are rejected.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from meshcompile.models.security.request_authentication import JWTRule
from meshcompile.resolve.jwt import Issuer, JwtAuthentication
from meshcompile.tools.policies.requests import Request

# Clocks may differ by this much, in seconds.
CLOCK_SKEW = 60
_TOKEN = re.compile(r"[A-Za-z0-9\-_.=]*")
_HASHES = {"256": "sha256", "384": "sha384", "512": "sha512"}
# What precedes the digest in an RSA signature (PKCS #1 v1.5): which hash it is.
_DIGEST_INFO = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}


@dataclass(frozen=True, slots=True)
class Rejected:
    """A request whose token is not valid, or `forbidden`: valid, but for others; or of an `unknown` issuer."""

    reason: str
    forbidden: bool = False
    unknown: bool = False


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


DEFAULT_PLACES = (Place(Where.HEADER, "authorization", "Bearer "), Place(Where.PARAMETER, "access_token"))


def authenticated(jwt: JwtAuthentication, request: Request, now: float | None) -> Mapping[str, object] | Rejected:
    """The claims of the request's token, none without a token; why it is rejected.

    It is let in when the tokens in the places of one issuer are all that issuer's and valid, or when every token is
    valid by whoever has issued it. Of several tokens the last one's claims count.
    """
    by_issuer = [_verified((issuer,), request, now) for issuer in jwt.issuers]
    accepted = next((found for found in by_issuer if found and not isinstance(found, Rejected)), None)
    if accepted is not None:
        return accepted
    by_anyone = _verified(jwt.issuers, request, now)
    if not isinstance(by_anyone, Rejected):
        return by_anyone
    reasons = (found for found in by_issuer if isinstance(found, Rejected) and not found.unknown)
    return next(reasons, by_anyone)


def _verified(issuers: Sequence[Issuer], request: Request, now: float | None) -> Mapping[str, object] | Rejected:
    """The claims when every token in the places of the issuers is valid by one of them; empty without a token."""
    claims: Mapping[str, object] = {}
    for text, candidates in _found(issuers, request):
        token = parsed(text)
        if token is None:
            return Rejected("this is no token")
        issuer = next((each for each in candidates if each.rule.issuer == token.payload.get("iss")), None)
        if issuer is None:
            return Rejected(f"nobody looks for tokens of {token.payload.get('iss')} there", unknown=True)
        found = verified(token, issuer, now)
        if isinstance(found, Rejected):
            return found
        claims = found
    return claims


def _found(issuers: Iterable[Issuer], request: Request) -> Iterator[tuple[str, list[Issuer]]]:
    """The texts in the places for tokens, cookies first, each with the issuers whose place it is."""
    by_place: dict[Place, list[Issuer]] = {}
    for issuer in issuers:
        for place in places(issuer.rule):
            by_place.setdefault(place, []).append(issuer)
    for place in sorted(by_place, key=lambda each: (each.where, each.name + each.prefix), reverse=True):
        text = _text_at(place, request)
        if text:
            yield text, by_place[place]


def places(rule: JWTRule) -> tuple[Place, ...]:
    """Where an issuer's tokens are looked for."""
    chosen = (
        *(Place(Where.HEADER, header.name.lower(), header.prefix) for header in rule.from_headers),
        *(Place(Where.PARAMETER, name) for name in rule.from_params),
        *(Place(Where.COOKIE, name) for name in rule.from_cookies),
    )
    return chosen or DEFAULT_PLACES


def _text_at(place: Place, request: Request) -> str:
    match place.where:
        case Where.HEADER:
            return _after_prefix(request.header(place.name) or "", place.prefix)
        case Where.PARAMETER:
            return request.query.get(place.name, "")
        case Where.COOKIE:
            return request.cookies.get(place.name, "")


def _after_prefix(value: str, prefix: str) -> str:
    """The token of a header's value: what stands behind the prefix, up to where no token can go on."""
    _, found, rest = value.partition(prefix) if prefix else ("", "", value)
    return "".join(_TOKEN.findall(rest)[:1]) if found else rest


def verified(token: Token, issuer: Issuer, now: float | None) -> Mapping[str, object] | Rejected:
    """The claims of a token that its issuer has signed, for us and for now."""
    payload, rule = token.payload, issuer.rule
    if now is not None and isinstance(payload.get("nbf"), int | float) and payload["nbf"] > now + CLOCK_SKEW:
        return Rejected("the token is not valid yet")
    if now is not None and payload.get("exp") and payload["exp"] < now - CLOCK_SKEW:
        return Rejected("the token has expired")
    if rule.audiences and not set(rule.audiences) & set(_audiences(payload)):
        return Rejected(f"the token is for others than {', '.join(rule.audiences)}", forbidden=True)
    if not any(_is_signed_by(token, key) for key in _keys(issuer.keys, token)):
        return Rejected("no key of the issuer has signed the token")
    return {name: _normalized(name, value, issuer) for name, value in payload.items()}


def parsed(text: str) -> Token | None:
    """The token of a text; None when it is none."""
    parts = text.split(".")
    if len(parts) != 3:
        return None
    try:
        header, payload = (json.loads(_decoded(part)) for part in parts[:2])
        signature = _decoded(parts[2])
    except (ValueError, binascii.Error):
        return None
    if not isinstance(header, dict) or not isinstance(payload, dict):
        return None
    return Token(header, payload, f"{parts[0]}.{parts[1]}".encode(), signature)


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _audiences(payload: Mapping[str, Any]) -> list[str]:
    audiences = payload.get("aud", [])
    return [audiences] if isinstance(audiences, str) else list(audiences)


def _normalized(name: str, value: object, issuer: Issuer) -> object:
    """Claims that hold several values in one text become lists."""
    return value.split(" ") if isinstance(value, str) and name in issuer.space_delimited_claims else value


def _keys(jwks: str, token: Token) -> Iterator[Mapping[str, Any]]:
    """The keys that may have signed a token: those of its key id, if both name one."""
    try:
        keys = json.loads(jwks).get("keys", [])
    except (ValueError, AttributeError):
        return
    wanted = token.header.get("kid")
    for key in keys:
        if wanted is None or key.get("kid") in (None, wanted):
            yield key


def _is_signed_by(token: Token, key: Mapping[str, Any]) -> bool:
    algorithm = str(token.header.get("alg", ""))
    digest = _HASHES.get(algorithm[2:])
    if digest is None or key.get("alg", algorithm) != algorithm:
        return False
    match algorithm[:2], key.get("kty"):
        case "HS", "oct":
            return hmac.compare_digest(hmac.digest(_decoded(key["k"]), token.signed, digest), token.signature)
        case "RS", "RSA":
            return _is_rsa_signature(token, _decoded(key["n"]), _decoded(key["e"]), digest)
    return False


def _is_rsa_signature(token: Token, modulus: bytes, exponent: bytes, digest: str) -> bool:
    n, e, size = int.from_bytes(modulus), int.from_bytes(exponent), len(modulus.lstrip(b"\0"))
    if len(token.signature) != size:
        return False
    info = _DIGEST_INFO[digest] + hashlib.new(digest, token.signed).digest()
    expected = b"\0\1" + b"\xff" * (size - len(info) - 3) + b"\0" + info
    return hmac.compare_digest(pow(int.from_bytes(token.signature), e, n).to_bytes(size), expected)
