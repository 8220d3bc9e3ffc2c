"""What a route matches. Follows istiod's `TranslateRouteMatch`."""

from collections.abc import Iterator, Mapping

from meshcompile.emit.strings import string_matcher
from meshcompile.envoy.config.route import HeaderMatcher, QueryParameterMatcher, RouteMatch
from meshcompile.envoy.type.matcher import (
    ListMatcher,
    MetadataMatcher,
    MetadataMatcherPathSegment,
    OrMatcher,
    RegexMatcher,
    StringMatcher,
    ValueMatcher,
)
from meshcompile.models.common import StringMatch
from meshcompile.models.networking.virtual_service import HTTPMatchRequest

EVERY_PATH = RouteMatch(prefix="/")
# A match that says nothing.
UNSPECIFIED = StringMatch()

# A "header" of this name is a claim of the request's JWT: `@request.auth.claims.group.id` or `...claims[group][id]`.
CLAIMS = "@request.auth.claims"
JWT_FILTER = "envoy.filters.http.jwt_authn"
JWT_PAYLOAD = "payload"


def route_match(wanted: HTTPMatchRequest | None, *, whole_segments: bool) -> RouteMatch:
    """The match of a rule; every path when it has none. `whole_segments`: a prefix ends where a `/` follows."""
    if wanted is None:
        return EVERY_PATH
    uri = wanted.uri
    headers, claims = _by_kind(wanted.headers)
    without_headers, without_claims = _by_kind(wanted.without_headers)
    segments = whole_segments and uri is not None and uri.prefix not in (None, "/")
    return RouteMatch(
        prefix=None if segments else _prefix(uri),
        path=None if uri is None else uri.exact,
        safe_regex=RegexMatcher(regex=uri.regex) if uri is not None and uri.regex is not None else None,
        path_separated_prefix=uri.prefix.removesuffix("/") if segments and uri and uri.prefix is not None else None,
        case_sensitive=not wanted.ignore_uri_case,
        headers=(*_header_matchers(headers, without_headers), *_pseudo_header_matchers(wanted)),
        query_parameters=tuple(query_matcher(*each) for each in sorted(wanted.query_params.items())),
        dynamic_metadata=(
            *(claim_matcher(claim_path(name), value) for name, value in claims),
            *(claim_matcher(claim_path(name), value, invert=True) for name, value in without_claims),
        ),
    )


def _prefix(uri: StringMatch | None) -> str | None:
    """The prefix to match; `/` when nothing says what to match."""
    if uri is None or uri == UNSPECIFIED:
        return "/"
    return uri.prefix


Named = tuple[str, StringMatch]


def _by_kind(headers: Mapping[str, StringMatch]) -> tuple[list[Named], list[Named]]:
    """Real headers, and claims, each by name."""
    if not headers:
        return [], []
    named = sorted(headers.items())
    claims = [each for each in named if claim_path(each[0])]
    return [each for each in named if not claim_path(each[0])], claims


def _header_matchers(wanted: list[Named], unwanted: list[Named]) -> list[HeaderMatcher]:
    """By name; of one name, what is wanted before what is not."""
    matchers = [header_matcher(*each) for each in wanted] + [header_matcher(*each, invert=True) for each in unwanted]
    return sorted(matchers, key=lambda matcher: matcher.name)


def _pseudo_header_matchers(wanted: HTTPMatchRequest) -> Iterator[HeaderMatcher]:
    for name, value in ((":method", wanted.method), (":authority", wanted.authority), (":scheme", wanted.scheme)):
        if value is not None:
            yield header_matcher(name, value)


def header_matcher(name: str, value: StringMatch, *, invert: bool = False) -> HeaderMatcher:
    """A header that is there, or has a value; or, inverted, that is not or has not."""
    if is_presence(value):
        return HeaderMatcher(name=name, present_match=True, invert_match=invert)
    # Envoy takes no view on a missing header otherwise: it would not match "has not the value".
    return HeaderMatcher(
        name=name, string_match=string_matcher(value), invert_match=invert, treat_missing_header_as_empty=invert
    )


def query_matcher(name: str, value: StringMatch) -> QueryParameterMatcher:
    """A query parameter that is there, or has a value."""
    if is_presence(value):
        return QueryParameterMatcher(name=name, present_match=True)
    return QueryParameterMatcher(name=name, string_match=string_matcher(value))


def is_presence(value: StringMatch) -> bool:
    """True when any value will do."""
    # A lone "*" is no RE2 expression: Istio has always read it as "present".
    return value.regex == "*" or value == UNSPECIFIED


def claim_path(name: str) -> tuple[str, ...]:
    """The claims that lead to a value in a JWT, outermost first; () for the name of a real header."""
    if name[:1] != "@" or not name.lower().startswith(CLAIMS):
        return ()
    path = name[len(CLAIMS) :]
    if path.startswith(".") and len(path) > 1:
        return tuple(path[1:].split("."))
    if path.startswith("[") and path.endswith("]") and len(path) > 2:
        return tuple(path[1:-1].split("]["))
    return ()


def claim_matcher(path: tuple[str, ...], value: StringMatch, *, invert: bool = False) -> MetadataMatcher:
    """A claim that has a value, or is a list with the value in it."""
    matcher = ValueMatcher(string_match=string_matcher(value) or StringMatcher())
    either = OrMatcher(value_matchers=(ValueMatcher(list_match=ListMatcher(one_of=matcher)), matcher))
    return MetadataMatcher(
        filter=JWT_FILTER,
        path=tuple(MetadataMatcherPathSegment(key=key) for key in (JWT_PAYLOAD, *path)),
        value=ValueMatcher(or_match=either),
        invert=invert,
    )
