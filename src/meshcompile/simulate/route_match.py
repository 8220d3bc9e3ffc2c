"""The conditions of a route, in the order in which Envoy asks for them, the path first."""

from collections.abc import Iterator
from fractions import Fraction

from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.envoy.config.route import (
    CookieMatcher,
    RouteMatch,
    RouteMatchConnectMatcher,
    RouteMatchTlsContextMatchOptions,
)
from meshcompile.envoy.extensions.path.match.uri_template import UriTemplateMatchConfig
from meshcompile.envoy.type import FractionalPercent
from meshcompile.envoy.type.matcher import MetadataMatcher, RegexMatcher
from meshcompile.simulate.grpc import is_grpc
from meshcompile.simulate.header_match import header_check
from meshcompile.simulate.query_match import query_check
from meshcompile.simulate.streams import Check, HttpStream
from meshcompile.simulate.string_match import Predicate, full_match, string_predicate, wanted_text
from meshcompile.simulate.uri_template import template_predicate
from meshcompile.simulate.value_match import metadata_predicate, metadata_wanted

DENOMINATORS = {"HUNDRED": 100, "TEN_THOUSAND": 10_000, "MILLION": 1_000_000}


def route_checks(match: RouteMatch) -> tuple[Check, ...]:
    """All conditions but the share of requests."""
    return tuple(_checks(match))


def percent(fraction: FractionalPercent | None) -> Fraction:
    """The fraction, at most 1; 0 for None."""
    if fraction is None:
        return Fraction(0)
    return min(Fraction(1), Fraction(fraction.numerator, DENOMINATORS[fraction.denominator]))


def _checks(match: RouteMatch) -> Iterator[Check]:
    yield path_check(match)
    if match.grpc is not None:
        yield Check(
            "/grpc",
            "header content-type",
            "gRPC",
            lambda s: is_grpc(s.headers),
            lambda s: s.headers.joined("content-type"),
        )
    yield from (header_check(header, f"/headers/{index}") for index, header in enumerate(match.headers))
    yield from (query_check(each, f"/queryParameters/{index}") for index, each in enumerate(match.query_parameters))
    if match.tls_context is not None:
        yield _tls_check(match.tls_context)
    yield from (_metadata_check(each, f"/dynamicMetadata/{i}") for i, each in enumerate(match.dynamic_metadata))
    yield from (_cookie_check(cookie, f"/cookies/{index}") for index, cookie in enumerate(match.cookies))


def path_check(match: RouteMatch) -> Check:
    """The condition of the path."""
    folded = match.case_sensitive is False
    match match:
        case RouteMatch(path=str(path)):
            return _path("/path", f"exact `{path}`", _exactly(path, folded))
        case RouteMatch(prefix=str(prefix)):
            return _path("/prefix", f"prefix `{prefix}`", _starting(prefix, folded))
        case RouteMatch(path_separated_prefix=str(prefix)):
            return _path("/pathSeparatedPrefix", f"the segments `{prefix}`", _segments(prefix, folded))
        case RouteMatch(safe_regex=RegexMatcher() as expression):
            return _path("/safeRegex", f"regex `{expression.regex}`", full_match(expression))
        case RouteMatch(connect_matcher=RouteMatchConnectMatcher()):
            return Check("/connectMatcher", "method", "CONNECT", lambda s: s.method == "CONNECT", lambda s: s.method)
        case RouteMatch(path_match_policy=TypedExtensionConfig(typed_config=UriTemplateMatchConfig() as template)):
            return _path(
                "/pathMatchPolicy", f"template `{template.path_template}`", template_predicate(template.path_template)
            )
        case _:
            return _path("", "a path specifier", lambda _: False)


def _path(pointer: str, wanted: str, accepts: Predicate) -> Check:
    return Check(pointer, "path", wanted, lambda s: bool(s.path) and accepts(s.path_only), lambda s: s.path_only)


def _exactly(path: str, folded: bool) -> Predicate:
    lower = path.lower()
    return (lambda text: text.lower() == lower) if folded else lambda text: text == path


def _starting(prefix: str, folded: bool) -> Predicate:
    lower = prefix.lower()
    return (lambda text: text.lower().startswith(lower)) if folded else lambda text: text.startswith(prefix)


def _segments(prefix: str, folded: bool) -> Predicate:
    starts, length = _starting(prefix, folded), len(prefix)
    return lambda text: starts(text) and text[length : length + 1] in ("", "/")


def _tls_check(wanted: RouteMatchTlsContextMatchOptions) -> Check:
    def holds(stream: HttpStream) -> bool:
        if not stream.is_tls:
            return wanted.presented is None and wanted.validated is None
        presented, validated = stream.peer is not None, stream.peer is not None and stream.peer.trusted
        return wanted.presented in (None, presented) and wanted.validated in (None, validated)

    return Check("/tlsContext", "client certificate", "another one", holds, lambda s: "present" if s.peer else None)


def _metadata_check(matcher: MetadataMatcher, pointer: str) -> Check:
    holds = metadata_predicate(matcher)
    name = ".".join(segment.key or "" for segment in matcher.path)
    return Check(pointer, f"metadata {name}", metadata_wanted(matcher), lambda s: holds(s.metadata), lambda _: None)


def _cookie_check(matcher: CookieMatcher, pointer: str) -> Check:
    accepts, invert, name = string_predicate(matcher.string_match), matcher.invert_match, matcher.name

    def holds(stream: HttpStream) -> bool:
        value = cookie_value(stream, name)
        return value is not None and accepts(value) != invert

    wanted = wanted_text(matcher.string_match)
    return Check(pointer, f"cookie {name}", wanted, holds, lambda stream: cookie_value(stream, name))


def cookie_value(stream: HttpStream, name: str) -> str | None:
    """The first cookie with this name."""
    pairs = (part.strip().partition("=") for line in stream.headers.get("cookie") for part in line.split(";"))
    return next((value.strip('"') for key, sign, value in pairs if sign and key == name), None)
