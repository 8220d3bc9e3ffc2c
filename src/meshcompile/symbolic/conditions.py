"""The conditions of a route as sets of values, one per dimension.

Follows Envoy 1.38: the lines of a header are one value, joined with commas, and a missing header does not match, even
if the match is inverted.
"""

from collections.abc import Iterator
from typing import TypeAlias

from meshcompile.envoy.config.route import HeaderMatcher, QueryParameterMatcher, RouteMatch, RouteMatchConnectMatcher
from meshcompile.envoy.message import Message, to_builtins
from meshcompile.envoy.type import Int64Range
from meshcompile.envoy.type.matcher import RegexMatcher, StringMatcher
from meshcompile.spaces import (
    ABSENT,
    NOTHING,
    PRESENT,
    Choices,
    Language,
    OptionalText,
    Undecided,
    Values,
    choices,
    exactly,
    matching,
    numbers,
    segments_below,
    starting_with,
)
from meshcompile.symbolic.strings import accepted_strings

Condition: TypeAlias = tuple[str, Values]
"""A dimension and the values that are wanted in it."""

UNKNOWN = "?"
"""The first letter of dimensions that stand for a condition that cannot be expressed."""
HOLDS: Choices = choices(True)
PSEUDO_HEADERS = {":method": "method", ":scheme": "scheme", ":authority": "authority"}
HEADER_TEXTS = matching(r"(?:[^\t ](?:.*[^\t ])?)?")
"""Values of headers, which neither start nor end with a blank."""
QUERY_TEXTS = matching(r"[!-~]*") - matching(r".*[&#].*")
GRPC_CONTENT = matching(r"application/grpc(?:\+.*)?")


def unknown(matcher: Message) -> Condition:
    """The condition that this matcher holds, whatever it means."""
    return f"{UNKNOWN}{type(matcher).__name__} {to_builtins(matcher)}", HOLDS


def conditions(match: RouteMatch) -> Iterator[Condition]:
    """All conditions of a route but the share of requests that it takes."""
    yield from _path(match)
    if match.grpc is not None:
        yield "header:content-type", OptionalText(GRPC_CONTENT)
    yield from map(header_condition, match.headers)
    yield from map(query_condition, match.query_parameters)
    others: tuple[Message, ...] = (*match.dynamic_metadata, *match.filter_state, *match.cookies)
    yield from map(unknown, others)
    if match.tls_context is not None:
        yield unknown(match.tls_context)


def _path(match: RouteMatch) -> Iterator[Condition]:
    if isinstance(match.connect_matcher, RouteMatchConnectMatcher):
        yield "connect", HOLDS
        yield unknown(match.connect_matcher)  # a CONNECT has no path and no query
        return
    yield "connect", choices(False)
    try:
        yield "path", accepted_paths(match)
    except Undecided:
        yield unknown(RouteMatch(safe_regex=match.safe_regex, path_match_policy=match.path_match_policy))


def accepted_paths(match: RouteMatch) -> Language:
    """The paths, without their query, that a route takes.

    Raises:
        Undecided: The path is matched by an extension, or by an expression that cannot be expressed.
    """
    folded = match.case_sensitive is False
    match match:
        case RouteMatch(path=str(path)):
            return exactly(path, ignore_case=folded)
        case RouteMatch(prefix=str(prefix)):
            return NOTHING if "?" in prefix else starting_with(prefix, ignore_case=folded)
        case RouteMatch(path_separated_prefix=str(prefix)):
            return segments_below(prefix, ignore_case=folded)
        case RouteMatch(safe_regex=RegexMatcher(regex=expression)):
            return matching(expression)
        case _:
            raise Undecided("a path is matched by an extension")


def header_condition(matcher: HeaderMatcher) -> Condition:
    """The condition of a header matcher. Names of headers are in lower case."""
    name = matcher.name.lower()
    try:
        if name in PSEUDO_HEADERS:
            return PSEUDO_HEADERS[name], _pseudo_values(matcher)
        if name.startswith(":"):
            return unknown(matcher)
        return f"header:{name}", _header_values(matcher)
    except Undecided:
        return unknown(matcher)


def _pseudo_values(matcher: HeaderMatcher) -> Language:
    """The values of something that every request has."""
    values = _header_values(matcher)
    return values.texts


def _header_values(matcher: HeaderMatcher) -> OptionalText:
    as_empty, invert = matcher.treat_missing_header_as_empty, matcher.invert_match
    if (present := _presence(matcher)) is not None:
        wanted = PRESENT if present != invert else ABSENT
        if not as_empty:
            return wanted
        return OptionalText(PRESENT.texts if present != invert else NOTHING, absent=present != invert)
    texts = header_texts(matcher) & HEADER_TEXTS
    values = HEADER_TEXTS - texts if invert else texts
    return OptionalText(values, absent=as_empty and values.accepts(""))


def _presence(matcher: HeaderMatcher) -> bool | None:
    """Whether the header must be there, for matchers that ask for nothing else."""
    match matcher:
        case HeaderMatcher(present_match=bool(present)):
            return present
        case HeaderMatcher(range_match=None) if _string_matcher(matcher) is None:
            return True
        case _:
            return None


def header_texts(matcher: HeaderMatcher) -> Language:
    match matcher:
        case HeaderMatcher(range_match=Int64Range(start=start, end=end)):
            return numbers(int(start), int(end))
        case _:
            return accepted_strings(_string_matcher(matcher))


def _string_matcher(matcher: HeaderMatcher) -> StringMatcher | None:
    """The matcher of the value; deprecated fields as the matcher that replaces them."""
    match matcher:
        case HeaderMatcher(exact_match=str(text)):
            return StringMatcher(exact=text)
        case HeaderMatcher(prefix_match=str(text)):
            return StringMatcher(prefix=text)
        case HeaderMatcher(suffix_match=str(text)):
            return StringMatcher(suffix=text)
        case HeaderMatcher(contains_match=str(text)):
            return StringMatcher(contains=text)
        case HeaderMatcher(safe_regex_match=RegexMatcher() as expression):
            return StringMatcher(safe_regex=expression)
        case _:
            return matcher.string_match


def query_condition(matcher: QueryParameterMatcher) -> Condition:
    """The condition of a query parameter, of which the first value counts."""
    name = f"query:{matcher.name}"
    try:
        match matcher:
            case QueryParameterMatcher(string_match=StringMatcher() as text):
                return name, OptionalText(accepted_strings(text) & QUERY_TEXTS)
            case _:
                return name, ABSENT if matcher.present_match is False else PRESENT
    except Undecided:
        return unknown(matcher)
