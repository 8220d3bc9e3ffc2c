"""String matchers. Follows istiod's `util.ConvertToEnvoyMatch`."""

from meshcompile.envoy.type.matcher import RegexMatcher, StringMatcher
from meshcompile.models.common import StringMatch


def string_matcher(value: StringMatch) -> StringMatcher | None:
    """The string matcher of a StringMatch; None for an empty one."""
    match value:
        case StringMatch(exact=str(text)):
            return StringMatcher(exact=text)
        case StringMatch(prefix=str(prefix)):
            return StringMatcher(prefix=prefix)
        case StringMatch(regex=str(regex)):
            return StringMatcher(safe_regex=RegexMatcher(regex=regex))
        case _:
            return None
