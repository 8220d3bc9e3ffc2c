"""Matches of routes. Follows istiod's `TranslateRouteMatch`."""

from typing import Any

from meshcompile.emit.strings import string_matcher
from meshcompile.envoy.config.route import HeaderMatcher, QueryParameterMatcher
from meshcompile.envoy.config.route import RouteMatch as RouteMatchMessage
from meshcompile.envoy.message import at
from meshcompile.envoy.type.matcher import (
    ListMatcher,
    MetadataMatcher,
    MetadataMatcherPathSegment,
    OrMatcher,
    RegexMatcher,
    StringMatcher,
    ValueMatcher,
)
from meshcompile.resolve.routes.intent import (
    EVERY_REQUEST,
    ClaimMatch,
    HeaderMatch,
    PathMatch,
    PathMatchType,
    QueryMatch,
    RouteMatch,
)

EVERY_PATH = RouteMatchMessage(prefix="/")

JWT_FILTER = "envoy.filters.http.jwt_authn"
JWT_PAYLOAD = "payload"


def route_match(conditions: RouteMatch) -> RouteMatchMessage:
    """The match of a route."""
    if conditions is EVERY_REQUEST:
        return EVERY_PATH
    return at(
        RouteMatchMessage(
            **_path(conditions.path),
            case_sensitive=not conditions.path.ignore_case,
            headers=tuple([header_matcher(each) for each in conditions.headers]),
            query_parameters=tuple([query_matcher(each) for each in conditions.query_params]),
            dynamic_metadata=tuple([claim_matcher(each) for each in conditions.claims]),
        ),
        conditions.path.origin,
    )


def _path(path: PathMatch) -> dict[str, Any]:
    """The field of the path condition."""
    match path.type:
        case PathMatchType.EXACT:
            return {"path": path.value}
        case PathMatchType.PREFIX:
            return {"prefix": path.value}
        case PathMatchType.SEGMENTS:
            return {"path_separated_prefix": path.value.removesuffix("/")}
        case PathMatchType.REGEX:
            return {"safe_regex": RegexMatcher(regex=path.value)}


def header_matcher(header: HeaderMatch) -> HeaderMatcher:
    """A header that is present, or that has a value. `inverted` negates the condition."""
    if header.value is None:
        message = HeaderMatcher(name=header.name, present_match=True, invert_match=header.inverted)
    else:
        message = HeaderMatcher(
            name=header.name,
            string_match=string_matcher(header.value),
            invert_match=header.inverted,
            # Without this, Envoy does not match an inverted condition if the header is missing.
            treat_missing_header_as_empty=header.inverted,
        )
    return at(message, header.origin)


def query_matcher(parameter: QueryMatch) -> QueryParameterMatcher:
    """A query parameter that is present, or that has a value."""
    if parameter.value is None:
        return at(QueryParameterMatcher(name=parameter.name, present_match=True), parameter.origin)
    return at(
        QueryParameterMatcher(name=parameter.name, string_match=string_matcher(parameter.value)), parameter.origin
    )


def claim_matcher(claim: ClaimMatch) -> MetadataMatcher:
    """A claim that has a value, or that is a list with the value."""
    matcher = ValueMatcher(string_match=string_matcher(claim.value) or StringMatcher())
    either = OrMatcher(value_matchers=(ValueMatcher(list_match=ListMatcher(one_of=matcher)), matcher))
    return at(
        MetadataMatcher(
            filter=JWT_FILTER,
            path=tuple(MetadataMatcherPathSegment(key=key) for key in (JWT_PAYLOAD, *claim.path)),
            value=ValueMatcher(or_match=either),
            invert=claim.inverted,
        ),
        claim.origin,
    )
