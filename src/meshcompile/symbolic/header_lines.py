"""Header conditions of RBAC rules, which look at each line of a header by itself."""

from meshcompile.envoy.config.route import HeaderMatcher
from meshcompile.simulate.header_map import ALIASES, JOINED
from meshcompile.simulate.header_match import presence
from meshcompile.spaces import ANY, NOTHING, Language, OptionalText, Several, Space, Undecided, none_of, some_of, space
from meshcompile.symbolic.conditions import PSEUDO_HEADERS, header_texts

LINES = "lines:"
"""The first letters of dimensions that stand for the lines of a header."""


def header_space(matcher: HeaderMatcher) -> Space:
    """The requests whose header meets a condition. An inverted match must hold for all lines, another for one.

    Raises:
        Undecided: The condition cannot be expressed.
    """
    name = ALIASES.get(matcher.name.lower(), matcher.name.lower())
    if name in PSEUDO_HEADERS:
        return space({PSEUDO_HEADERS[name]: _value(matcher)})
    if name.startswith(":"):
        raise Undecided(f"`{name}` is no header that a policy can ask for")
    if name in JOINED:
        return space({f"{LINES}{name}": OptionalText(_value(matcher), absent=_matches_absence(matcher))})
    return space({f"{LINES}{name}": _lines(matcher)})


def _value(matcher: HeaderMatcher) -> Language:
    """The values of a header with one line that meet the condition."""
    if presence(matcher) is not None:
        return ANY if _presence_holds(matcher, there=True) else NOTHING
    texts = header_texts(matcher)
    return ~texts if matcher.invert_match else texts


def _presence_holds(matcher: HeaderMatcher, *, there: bool) -> bool:
    """Whether a matcher that only asks for the header holds if the header is there, or if it is not."""
    return ((matcher.treat_missing_header_as_empty or there) == presence(matcher)) != matcher.invert_match


def _matches_absence(matcher: HeaderMatcher) -> bool:
    if presence(matcher) is not None:
        return _presence_holds(matcher, there=False)
    return matcher.treat_missing_header_as_empty and header_texts(matcher).accepts("") != matcher.invert_match


def _lines(matcher: HeaderMatcher) -> Several:
    absent = _matches_absence(matcher)
    if presence(matcher) is not None:
        return some_of(ANY if _presence_holds(matcher, there=True) else NOTHING, absent=absent)
    kind = none_of if matcher.invert_match else some_of
    return kind(header_texts(matcher), absent=absent)
