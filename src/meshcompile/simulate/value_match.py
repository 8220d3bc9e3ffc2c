"""Matchers of metadata, such as the claims of a token."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from meshcompile.envoy.type.matcher import (
    DoubleMatcher,
    ListMatcher,
    MetadataMatcher,
    OrMatcher,
    StringMatcher,
    ValueMatcher,
    ValueMatcherNullMatch,
)
from meshcompile.simulate.string_match import string_predicate, wanted_text

Metadata = Mapping[str, Mapping[str, Any]]
MetadataPredicate = Callable[[Metadata], bool]
MISSING = object()


def metadata_predicate(matcher: MetadataMatcher) -> MetadataPredicate:
    """A predicate for what filters have noted."""
    keys = tuple(segment.key or "" for segment in matcher.path)
    accepts, invert = value_predicate(matcher.value), matcher.invert
    return lambda metadata: accepts(value_at(metadata.get(matcher.filter, {}), keys)) != invert


def metadata_wanted(matcher: MetadataMatcher) -> str:
    """What the matcher wants, in words."""
    wanted = value_wanted(matcher.value)
    return f"anything but {wanted}" if matcher.invert else wanted


def value_at(values: Mapping[str, Any], keys: Iterable[str]) -> Any:
    """The value below these keys, or MISSING."""
    value: Any = values
    for key in keys:
        if not isinstance(value, Mapping) or key not in value:
            return MISSING
        value = value[key]
    return value


def value_predicate(matcher: ValueMatcher | None) -> Callable[[Any], bool]:
    match matcher:
        case ValueMatcher(string_match=StringMatcher() as text):
            accepts = string_predicate(text)
            return lambda value: isinstance(value, str) and accepts(value)
        case ValueMatcher(bool_match=bool(wanted)):
            return lambda value: value is wanted
        case ValueMatcher(present_match=bool(wanted)):
            return lambda value: (value is not MISSING) == wanted
        case ValueMatcher(null_match=ValueMatcherNullMatch()):
            return lambda value: value is None
        case ValueMatcher(double_match=DoubleMatcher() as number):
            return lambda value: _is_number(value, number)
        case ValueMatcher(list_match=ListMatcher(one_of=one)):
            one_of = value_predicate(one)
            return lambda value: isinstance(value, list | tuple) and any(map(one_of, value))
        case ValueMatcher(or_match=OrMatcher(value_matchers=matchers)):
            each = tuple(map(value_predicate, matchers))
            return lambda value: any(accepts(value) for accepts in each)
        case _:
            return lambda _: False


def metadata_text(values: Mapping[str, Any], keys: Iterable[str]) -> str | None:
    """The value below these keys as a text; None if there is none."""
    match value_at(values, keys):
        case list() | tuple() as several:
            return ", ".join(map(str, several))
        case value:
            return None if value is MISSING else str(value)


def _is_number(value: Any, wanted: DoubleMatcher) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if wanted.range is not None:
        return wanted.range.start <= value < wanted.range.end
    return value == wanted.exact


def value_wanted(matcher: ValueMatcher | None) -> str:
    """What the matcher wants, in words."""
    match matcher:
        case ValueMatcher(string_match=StringMatcher() as text):
            return wanted_text(text)
        case ValueMatcher(bool_match=bool(wanted)):
            return str(wanted).lower()
        case ValueMatcher(present_match=bool(wanted)):
            return "any value" if wanted else "no value"
        case ValueMatcher(list_match=ListMatcher(one_of=one)):
            return value_wanted(one)
        case ValueMatcher(or_match=OrMatcher(value_matchers=matchers)):
            return " or ".join(dict.fromkeys(map(value_wanted, matchers)))
        case _:
            return "another value"
