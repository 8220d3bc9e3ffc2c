"""Envoy's string matchers, as predicates."""

import re
from collections.abc import Callable, Collection, Iterable

from meshcompile.envoy.message import Unmodelled
from meshcompile.envoy.type.matcher import RegexMatcher, StringMatcher
from meshcompile.envoy.udpa import TypedStruct
from meshcompile.syntax.re2_python import Untranslatable, full_matcher, pattern

Predicate = Callable[[str], bool]


def regex(matcher: RegexMatcher | None) -> re.Pattern[str] | None:
    """The compiled expression; None for one that Envoy refuses, which matches nothing."""
    try:
        return pattern("" if matcher is None else matcher.regex)
    except Untranslatable:
        return None


def full_match(matcher: RegexMatcher | None) -> Predicate:
    """A predicate for texts that the whole expression matches; for none if Envoy refuses the expression."""
    try:
        return full_matcher("" if matcher is None else matcher.regex)
    except Untranslatable:
        return lambda _: False


def string_predicate(matcher: StringMatcher | None) -> Predicate:
    """A predicate for the texts that the matcher accepts. Without a pattern it accepts none."""
    match matcher:
        case StringMatcher(safe_regex=RegexMatcher() as expression):
            return full_match(expression)
        case StringMatcher(exact=str(text)):
            return _compared(matcher, text, str.__eq__)
        case StringMatcher(prefix=str(text)):
            return _compared(matcher, text, str.startswith)
        case StringMatcher(suffix=str(text)):
            return _compared(matcher, text, str.endswith)
        case StringMatcher(contains=str(text)):
            return _compared(matcher, text, str.__contains__)
        case _:
            return lambda _: False


def _compared(matcher: StringMatcher, wanted: str, compare: Callable[[str, str], bool]) -> Predicate:
    if not matcher.ignore_case:
        return lambda text: compare(text, wanted)
    folded = wanted.lower()
    return lambda text: compare(text.lower(), folded)


def wanted_text(matcher: StringMatcher | None) -> str:
    """What the matcher accepts, in words: "exact `v2`"."""
    match matcher:
        case StringMatcher(exact=str(text)):
            return _worded("exact", text, matcher)
        case StringMatcher(prefix=str(text)):
            return _worded("prefix", text, matcher)
        case StringMatcher(suffix=str(text)):
            return _worded("suffix", text, matcher)
        case StringMatcher(contains=str(text)):
            return _worded("contains", text, matcher)
        case StringMatcher(safe_regex=RegexMatcher(regex=text)):
            return f"regex `{text}`"
        case _:
            return "a custom matcher"


def _worded(kind: str, text: str, matcher: StringMatcher) -> str:
    return f"{kind} `{text}`" + (" in any case" if matcher.ignore_case else "")


def unknown_matcher(matchers: Iterable[StringMatcher]) -> str:
    """The name of a custom matcher among these, which cannot be evaluated; "" if there is none."""
    custom = (m.custom for m in matchers if m.custom is not None)
    return next((c.name or type_name(c.typed_config) for c in custom), "")


def type_name(config: object) -> str:
    """The name of the type of a packed message, without its prefix."""
    if isinstance(config, Unmodelled):
        return str(config.value.get("@type", "")).rpartition("/")[2]
    if isinstance(config, TypedStruct):
        return config.type_url.rpartition("/")[2]
    return type(config).__name__


def is_typed_struct_of(config: object, types: Collection[str]) -> bool:
    """Whether a packed message is a TypedStruct that stands for one of these types."""
    return isinstance(config, TypedStruct) and type_name(config) in types
