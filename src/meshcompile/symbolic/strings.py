"""String matchers as sets of strings."""

from meshcompile.envoy.type.matcher import RegexMatcher, StringMatcher
from meshcompile.spaces import Language, Undecided, containing, ending_with, exactly, matching, starting_with


def accepted_strings(matcher: StringMatcher | None) -> Language:
    """The strings that a matcher accepts.

    Raises:
        Undecided: The matcher has a regular expression that cannot be expressed, or is an extension.
    """
    match matcher:
        case StringMatcher(exact=str(text)):
            return exactly(text, ignore_case=matcher.ignore_case)
        case StringMatcher(prefix=str(text)):
            return starting_with(text, ignore_case=matcher.ignore_case)
        case StringMatcher(suffix=str(text)):
            return ending_with(text, ignore_case=matcher.ignore_case)
        case StringMatcher(contains=str(text)):
            return containing(text, ignore_case=matcher.ignore_case)
        case StringMatcher(safe_regex=RegexMatcher(regex=expression)):
            return matching(expression)
        case _:
            raise Undecided("a string matcher is an extension")
