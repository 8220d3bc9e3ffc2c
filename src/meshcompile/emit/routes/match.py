"""What a route matches. Follows istiod's `TranslateRouteMatch`."""

from collections.abc import Iterable, Iterator

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
    segments = whole_segments and uri is not None and uri.prefix not in (None, "/")
    return RouteMatch(
        prefix=None if segments else _prefix(uri),
        path=None if uri is None else uri.exact,
        safe_regex=RegexMatcher(regex=uri.regex) if uri is not None and uri.regex is not None else None,
        path_separated_prefix=uri.prefix.removesuffix("/") if segments and uri and uri.prefix is not None else None,
        case_sensitive=not wanted.ignore_uri_case,
        headers=(*_header_matchers(wanted), *_pseudo_header_matchers(wanted)),
        query_parameters=tuple([query_matcher(*each) for each in sorted(wanted.query_params.items())]),
        dynamic_metadata=tuple(_claim_matchers(wanted)),
    )


def _prefix(uri: StringMatch | None) -> str | None:
    """The prefix to match; `/` when nothing says what to match."""
    if uri is None or uri == UNSPECIFIED:
        return "/"
    return uri.prefix


def _header_matchers(wanted: HTTPMatchRequest) -> Iterable[HeaderMatcher]:
    """By name; of one name, what is wanted before what is not."""
    if not (wanted.headers or wanted.without_headers):
        return ()
    matchers = [header_matcher(*each) for each in wanted.headers.items() if not claim_path(each[0])]
    matchers += [
        header_matcher(*each, invert=True) for each in wanted.without_headers.items() if not claim_path(each[0])
    ]
    return sorted(matchers, key=lambda matcher: matcher.name)


def _claim_matchers(wanted: HTTPMatchRequest) -> Iterator[MetadataMatcher]:
    """By name; first what is wanted."""
    for headers, invert in ((wanted.headers, False), (wanted.without_headers, True)):
        for name, value in sorted(headers.items()):
            if path := claim_path(name):
                yield claim_matcher(path, value, invert=invert)


def _pseudo_header_matchers(wanted: HTTPMatchRequest) -> Iterator[HeaderMatcher]:
    if wanted.method is not None:
        yield header_matcher(":method", wanted.method)
    if wanted.authority is not None:
        yield header_matcher(":authority", wanted.authority)
    if wanted.scheme is not None:
        yield header_matcher(":scheme", wanted.scheme)


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
