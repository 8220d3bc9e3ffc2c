"""Header matchers of routes, faults and RBAC.

Envoy 1.38 joins the lines of a header with commas and compares the whole; RBAC compares each line.
"""

import re
from collections.abc import Callable, Iterable

from meshcompile.envoy.config.route import HeaderMatcher
from meshcompile.envoy.type import Int64Range
from meshcompile.envoy.type.matcher import RegexMatcher, StringMatcher
from meshcompile.simulate.header_map import HeaderMap
from meshcompile.simulate.streams import Check
from meshcompile.simulate.string_match import Predicate, string_predicate, wanted_text

WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
HeaderPredicate = Callable[[HeaderMap], bool]


def header_check(matcher: HeaderMatcher, pointer: str) -> Check:
    """The condition of a header matcher."""
    holds, name = header_predicate(matcher), matcher.name
    wanted = wanted_value(matcher)
    return Check(
        pointer,
        f"header {name}",
        f"anything but {wanted}" if matcher.invert_match else wanted,
        lambda stream: holds(stream.headers),
        lambda stream: stream.headers.joined(name),
    )


def header_predicate(matcher: HeaderMatcher) -> HeaderPredicate:
    """A predicate that compares all lines of a header as one value."""
    name, invert, as_empty = matcher.name, matcher.invert_match, matcher.treat_missing_header_as_empty
    if (present := presence(matcher)) is not None:
        return lambda headers: ((as_empty or bool(headers.get(name))) == present) != invert
    accepts = value_predicate(matcher)

    def holds(headers: HeaderMap) -> bool:
        value = headers.joined(name)
        if value is None and not as_empty:
            return False  # even if the match is inverted
        return accepts(value or "") != invert

    return holds


def each_line_predicate(matcher: HeaderMatcher) -> HeaderPredicate:
    """A predicate that compares each line of a header. An inverted match must hold for all lines, another for one."""
    name, invert, as_empty = matcher.name, matcher.invert_match, matcher.treat_missing_header_as_empty
    if presence(matcher) is not None:
        return header_predicate(matcher)
    accepts = value_predicate(matcher)

    def holds(headers: HeaderMap) -> bool:
        lines = headers.get(name) or (("",) if as_empty else ())
        return bool(lines) and any(map(accepts, lines)) != invert

    return holds


def presence(matcher: HeaderMatcher) -> bool | None:
    """Whether the header must be there, for matchers that ask for nothing else."""
    match matcher:
        case HeaderMatcher(present_match=bool(present)):
            return present
        case HeaderMatcher(
            exact_match=None,
            safe_regex_match=None,
            range_match=None,
            prefix_match=None,
            suffix_match=None,
            contains_match=None,
            string_match=None,
        ):
            return True
        case _:
            return None


def value_predicate(matcher: HeaderMatcher) -> Predicate:
    match matcher:
        case HeaderMatcher(range_match=Int64Range(start=start, end=end)):
            low, high = int(start), int(end)
            return lambda text: WHOLE.fullmatch(text) is not None and low <= int(text) < high
        case _:
            return string_predicate(_string_matcher(matcher))


def wanted_value(matcher: HeaderMatcher) -> str:
    """What the matcher wants, in words."""
    if (present := presence(matcher)) is not None:
        return "any value" if present else "no such header"
    match matcher:
        case HeaderMatcher(range_match=Int64Range(start=start, end=end)):
            return f"a number from {start} to under {end}"
        case _:
            return wanted_text(_string_matcher(matcher))


def _string_matcher(matcher: HeaderMatcher) -> StringMatcher | None:
    """The deprecated fields as string matchers."""
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


def all_hold(matchers: Iterable[HeaderMatcher]) -> HeaderPredicate:
    """A predicate for headers that meet all matchers."""
    predicates = tuple(map(header_predicate, matchers))
    return lambda headers: all(holds(headers) for holds in predicates)
