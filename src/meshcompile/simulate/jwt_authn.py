"""The JWT authentication filter (`jwt_authn/verifier.cc`, `jwt_authn/authenticator.cc`)."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meshcompile.envoy.extensions.filters.http.jwt_authn import (
    JwtAuthentication,
    JwtProvider,
    JwtRequirement,
    JwtRequirementAndList,
    JwtRequirementOrList,
    ProviderWithAudiences,
    RequirementRule,
)
from meshcompile.simulate.course import Course, HttpFilterConfig, Passed, routed
from meshcompile.simulate.requests import TokenState
from meshcompile.simulate.route_match import route_checks
from meshcompile.simulate.streams import HttpStream
from meshcompile.simulate.string_match import string_predicate
from meshcompile.simulate.tokens import FoundToken, found_tokens, places, without_token
from meshcompile.simulate.value_match import MISSING as NO_VALUE
from meshcompile.simulate.value_match import value_at

FILTER = "envoy.filters.http.jwt_authn"


@dataclass(frozen=True, slots=True)
class JwtFailure:
    """Why a requirement is not met, in Envoy's words."""

    text: str
    status: int = 401

    @property
    def is_about_another_issuer(self) -> bool:
        return self in (MISSED, UNKNOWN_ISSUER)


MISSED = JwtFailure("Jwt is missing")
UNKNOWN_ISSUER = JwtFailure("Jwt issuer is not configured")
BAD_FORMAT = JwtFailure("Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections")
AUDIENCE = JwtFailure("Audiences in Jwt are not allowed", 403)
NOT_VERIFIED = JwtFailure("Jwt verification fails")
EXPIRED = JwtFailure("Jwt is expired")
EXPIRATION = JwtFailure("Jwt is missing exp claim")


def jwt_authn(filter_: HttpFilterConfig, course: Course) -> Passed:
    """The request passes with the claims of its token, or is answered with 401.

    With a token that is not known to be valid, both can happen.
    """
    config = filter_.config
    rule = None if not isinstance(config, JwtAuthentication) else _rule(config, course.stream)
    if not isinstance(config, JwtAuthentication) or rule is None or _bypasses(config, course.stream):
        yield course
        return
    yield from _explored(filter_, config, rule, course, {})


def _explored(
    filter_: HttpFilterConfig,
    config: JwtAuthentication,
    rule: JwtRequirement,
    course: Course,
    assumed: Mapping[str, TokenState],
) -> Passed:
    """All outcomes for what can be true of the tokens of which nothing is known."""
    verifier = _Verifier(config, course.stream, assumed)
    failure = verifier.required(rule)
    if verifier.undecided is None:
        yield from _ended(filter_, course, verifier, failure)
        return
    token = verifier.undecided
    for state in _possible(token):
        assuming = course.depending(f"the token in the {token.place} {state.value}")
        yield from _explored(filter_, config, rule, assuming, {**assumed, token.text: state})


def _possible(token: FoundToken) -> tuple[TokenState, ...]:
    timeless = {"exp", "nbf"}.isdisjoint(token.claims or ())
    return (TokenState.VALID, TokenState.UNSIGNED, *(() if timeless else (TokenState.EXPIRED,)))


def _rule(config: JwtAuthentication, stream: HttpStream) -> JwtRequirement | None:
    """The requirement of the first rule that matches the request."""
    rule = next((rule for rule in config.rules if _matches(rule, stream)), None)
    if rule is None:
        return None
    return config.requirement_map.get(rule.requirement_name) if rule.requirement_name else rule.requires


def _matches(rule: RequirementRule, stream: HttpStream) -> bool:
    return rule.match is None or all(check.holds(stream) for check in route_checks(rule.match))


def _bypasses(config: JwtAuthentication, stream: HttpStream) -> bool:
    if not config.bypass_cors_preflight or stream.method != "OPTIONS":
        return False
    return bool(stream.headers.first("origin") and stream.headers.first("access-control-request-method"))


def _ended(filter_: HttpFilterConfig, course: Course, verifier: _Verifier, failure: JwtFailure | None) -> Passed:
    if failure is None:
        text = "accepts the token" if verifier.accepted else "asks for no token"
        passed = course.with_stream(verifier.stream).after("JWT", filter_.name, text, filter_.pointer)
        return routed(passed) if verifier.clears_route else (passed,)
    details = f"jwt_authn_access_denied{{{failure.text.replace(' ', '_')}}}"
    refused = course.after("JWT", filter_.name, failure.text, filter_.pointer)
    return (refused.reply(failure.status, details, failure.text),)


class _Verifier:
    """The verification of one request. It collects what valid tokens change.

    `assumed` is what is assumed of tokens of which nothing is known, by their text. `undecided` is a token that would
    need one more assumption.
    """

    def __init__(self, config: JwtAuthentication, stream: HttpStream, assumed: Mapping[str, TokenState]) -> None:
        self.config = config
        self.stream = _sanitized(config, stream)
        self.assumed = assumed
        self.undecided: FoundToken | None = None
        self.accepted = False
        self.clears_route = False

    def required(self, requirement: JwtRequirement) -> JwtFailure | None:
        """None if the requirement is met."""
        match requirement:
            case JwtRequirement(provider_name=str(name)) if name:
                return self._of(self._providers((name,)), ())
            case JwtRequirement(provider_and_audiences=ProviderWithAudiences() as limited):
                return self._of(self._providers((limited.provider_name,)), limited.audiences)
            case JwtRequirement(requires_any=JwtRequirementOrList(requirements=requirements)):
                return self._any(requirements)
            case JwtRequirement(requires_all=JwtRequirementAndList(requirements=requirements)):
                return next((failure for each in requirements if (failure := self.required(each))), None)
            case JwtRequirement(allow_missing=missing) if missing is not None:
                failure = self._of(tuple(self.config.providers.values()), ())
                return None if failure == MISSED else failure
            case JwtRequirement(allow_missing_or_failed=missing) if missing is not None:
                self._of(tuple(self.config.providers.values()), ())
                return None
            case _:
                return None

    def _any(self, requirements: Sequence[JwtRequirement]) -> JwtFailure | None:
        """None if one is met; else the last failure that is not about another issuer.

        Envoy makes one requirement of a provider whose token may be missing.
        """
        named = [each for each in requirements if each.provider_name]
        if len(requirements) == 2 and len(named) == 1 and any(each.allow_missing is not None for each in requirements):
            failure = self.required(named[0])
            return None if failure == MISSED else failure
        failures: list[JwtFailure] = []
        for requirement in requirements:
            failure = self.required(requirement)
            if failure is None:
                return None
            failures.append(failure)
        telling = (failure for failure in reversed(failures) if not failure.is_about_another_issuer)
        return next(telling, failures[-1] if failures else None)

    def _providers(self, names: Iterable[str]) -> tuple[JwtProvider, ...]:
        return tuple(self.config.providers[name] for name in names if name in self.config.providers)

    def _of(self, providers: Sequence[JwtProvider], audiences: Sequence[str]) -> JwtFailure | None:
        """None if all tokens at the places of these providers are valid. The last one is asked first."""
        searched = tuple(sorted({place for provider in providers for place in places(provider)}))
        tokens = found_tokens(searched, self.stream)
        if not tokens:
            return MISSED
        for token in reversed(tokens):
            here = [provider for provider in providers if token.place in places(provider)]
            if (failure := self._verified(token, here, audiences)) is not None:
                return failure
        return None

    def _verified(
        self, token: FoundToken, providers: Sequence[JwtProvider], audiences: Sequence[str]
    ) -> JwtFailure | None:
        if token.claims is None:
            return BAD_FORMAT
        provider = next((each for each in providers if each.issuer in ("", token.claims.get("iss", ""))), None)
        if provider is None:
            return UNKNOWN_ISSUER
        state = token.state or self.assumed.get(token.text)
        if state is None:
            self.undecided = self.undecided or token
            return NOT_VERIFIED
        if state is TokenState.EXPIRED:
            return EXPIRED
        if (failure := _refusal(provider, token.claims, audiences)) is not None:
            return failure
        if state is TokenState.UNSIGNED:
            return NOT_VERIFIED
        self._accept(token, provider, token.claims)
        return None

    def _accept(self, token: FoundToken, provider: JwtProvider, claims: Mapping[str, Any]) -> None:
        self.accepted = True
        self.clears_route = self.clears_route or provider.clear_route_cache
        stream = self.stream
        if provider.payload_in_metadata:
            noted = {provider.payload_in_metadata: _normalized(provider, claims)}
            stream = stream.with_metadata(FILTER, noted)
        stream = stream.with_headers(stream.headers.with_set(_claim_headers(provider, claims)))
        self.stream = stream if provider.forward else without_token(token.place, stream)


def _sanitized(config: JwtAuthentication, stream: HttpStream) -> HttpStream:
    """The stream without headers that only this filter may set."""
    providers = config.providers.values()
    names = [p.forward_payload_header for p in providers if p.forward_payload_header]
    names += [claim.header_name for p in providers for claim in p.claim_to_headers]
    return stream.with_headers(stream.headers.without(names)) if names else stream


def _refusal(provider: JwtProvider, claims: Mapping[str, Any], audiences: Sequence[str]) -> JwtFailure | None:
    """Why the claims of a valid token are not enough."""
    if provider.require_expiration and "exp" not in claims:
        return EXPIRATION
    wanted = frozenset(audiences or provider.audiences)
    if wanted and not wanted & set(_listed(claims.get("aud", ()))):
        return AUDIENCE
    if provider.subjects is not None and not string_predicate(provider.subjects)(str(claims.get("sub", ""))):
        return JwtFailure("Jwt subject is not allowed", 403)
    return None


def _listed(value: object) -> Sequence[str]:
    return [value] if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else []


def _normalized(provider: JwtProvider, claims: Mapping[str, Any]) -> dict[str, Any]:
    """The claims with lists for those that separate values with spaces."""
    normalize = provider.normalize_payload_in_metadata
    spaced = normalize.space_delimited_claims if normalize else ()
    return {
        name: value.split(" ") if name in spaced and isinstance(value, str) else value for name, value in claims.items()
    }


def _claim_headers(provider: JwtProvider, claims: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if provider.forward_payload_header:
        payload = urlsafe_b64encode(json.dumps(claims).encode()).decode()
        yield provider.forward_payload_header, payload if provider.pad_forward_payload_header else payload.rstrip("=")
    for claim in provider.claim_to_headers:
        value = value_at(claims, claim.claim_name.split("."))
        if value is not NO_VALUE:
            yield claim.header_name, _header_text(value)


def _header_text(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str() | int():
            return str(value)
        case _:
            return b64encode(json.dumps(value, separators=(",", ":")).encode()).decode()
