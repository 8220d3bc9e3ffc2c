"""The matches of rules. Follows istiod's `TranslateRouteMatch`."""

from collections.abc import Iterator, Mapping

from meshcompile.models.common import StringMatch
from meshcompile.models.networking.virtual_service import HTTPMatchRequest
from meshcompile.resolve.routes.intent import (
    EVERY_REQUEST,
    ClaimMatch,
    HeaderMatch,
    PathMatch,
    PathMatchType,
    QueryMatch,
    RouteMatch,
)
from meshcompile.snapshot.virtual_services import Semantics

# A match without a condition.
UNSPECIFIED = StringMatch()
# The meaning of `prefix`.
PREFIXES: Mapping[Semantics, PathMatchType] = {
    Semantics.ISTIO: PathMatchType.PREFIX,
    Semantics.INGRESS: PathMatchType.SEGMENTS,
    Semantics.GATEWAY: PathMatchType.SEGMENTS,
}
# A "header" of this name is a claim of the request's JWT: `@request.auth.claims.group.id` or `...claims[group][id]`.
CLAIMS = "@request.auth.claims"


def route_match(request: HTTPMatchRequest | None, semantics: Semantics = Semantics.ISTIO) -> RouteMatch:
    """The conditions of a match. A rule without a match matches every request."""
    if request is None:
        return EVERY_REQUEST
    return RouteMatch(
        path=_path_match(request, semantics),
        headers=(*_header_matches(request), *_pseudo_header_matches(request)),
        query_params=tuple(
            [QueryMatch(name, _value(value), value.origin) for name, value in sorted(request.query_params.items())]
        ),
        claims=tuple(_claim_matches(request)),
        origin=request.origin,
    )


def _path_match(request: HTTPMatchRequest, semantics: Semantics) -> PathMatch:
    """The condition on the path; prefix `/` without one."""
    match request.uri:
        case StringMatch(exact=str(path)) as uri:
            return PathMatch(PathMatchType.EXACT, path, request.ignore_uri_case, uri.origin)
        case StringMatch(regex=str(regex)) as uri:
            return PathMatch(PathMatchType.REGEX, regex, request.ignore_uri_case, uri.origin)
        case StringMatch(prefix=str(prefix)) as uri:
            kind = PathMatchType.PREFIX if prefix == "/" else PREFIXES[semantics]
            return PathMatch(kind, prefix, request.ignore_uri_case, uri.origin)
        case _:
            return PathMatch(ignore_case=request.ignore_uri_case)


def _header_matches(request: HTTPMatchRequest) -> tuple[HeaderMatch, ...]:
    """The header conditions, sorted by name. Of one name, `headers` come before `without_headers`."""
    if not (request.headers or request.without_headers):
        return ()
    given = ((request.headers, False), (request.without_headers, True))
    matches = (_header(name, value, inverted) for headers, inverted in given for name, value in headers.items())
    return tuple(sorted((header for header in matches if not claim_path(header.name)), key=lambda header: header.name))


def _pseudo_header_matches(request: HTTPMatchRequest) -> Iterator[HeaderMatch]:
    if request.method is not None:
        yield _header(":method", request.method)
    if request.authority is not None:
        yield _header(":authority", request.authority)
    if request.scheme is not None:
        yield _header(":scheme", request.scheme)


def _header(name: str, value: StringMatch, inverted: bool = False) -> HeaderMatch:
    return HeaderMatch(name, _value(value), value.origin, inverted)


def _value(value: StringMatch) -> StringMatch | None:
    """The value to compare with; None when any value matches."""
    # "*" is not a valid RE2 expression. Istio has always read it as "present".
    return None if value.regex == "*" or value == UNSPECIFIED else value


def _claim_matches(request: HTTPMatchRequest) -> Iterator[ClaimMatch]:
    """The claim conditions: those of `headers`, then those of `without_headers`, each sorted by name."""
    for headers, inverted in ((request.headers, False), (request.without_headers, True)):
        for name, value in sorted(headers.items()):
            if path := claim_path(name):
                yield ClaimMatch(path, value, value.origin, inverted)


def claim_path(name: str) -> tuple[str, ...]:
    """The nested claims of a JWT, outermost first; () for the name of a real header."""
    if name[:1] != "@" or not name.lower().startswith(CLAIMS):
        return ()
    path = name[len(CLAIMS) :]
    if path.startswith(".") and len(path) > 1:
        return tuple(path[1:].split("."))
    if path.startswith("[") and path.endswith("]") and len(path) > 2:
        return tuple(path[1:-1].split("]["))
    return ()
