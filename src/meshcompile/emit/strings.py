"""Matches of text in Envoy's words: istiod's `util.ConvertToEnvoyMatch`."""

from meshcompile.envoy.type.matcher import RegexMatcher, StringMatcher
from meshcompile.models.common import StringMatch


def string_matcher(value: StringMatch) -> StringMatcher | None:
    """The same match in Envoy's words; None when it says nothing."""
    match value:
        case StringMatch(exact=str(text)):
            return StringMatcher(exact=text)
        case StringMatch(prefix=str(prefix)):
            return StringMatcher(prefix=prefix)
        case StringMatch(regex=str(regex)):
            return StringMatcher(safe_regex=RegexMatcher(regex=regex))
        case _:
            return None
