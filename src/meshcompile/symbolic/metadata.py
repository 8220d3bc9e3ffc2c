"""Conditions on what filters note, such as the claims of a token, as sets of requests.

The value at a place is a string, a list or something else, so it has two dimensions: `text:` and the place for a
string, `list:` and the place for the strings in a list. At most one of them has a value.
"""

from collections.abc import Iterable

from meshcompile.envoy.type.matcher import ListMatcher, MetadataMatcher, OrMatcher, StringMatcher, ValueMatcher
from meshcompile.spaces import OptionalText, Space, Undecided, any_of, some_of, space
from meshcompile.symbolic.strings import accepted_strings

TEXT, LIST = "text:", "list:"


def place(filter_name: str, keys: Iterable[str]) -> str:
    """The place of a value as a JSON pointer, with the filter that notes it in front."""
    return "/".join(key.replace("~", "~0").replace("/", "~1") for key in (filter_name, *keys))


def keys_of(name: str) -> tuple[str, ...]:
    """The filter and the keys of a place."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in name.split("/"))


def noted(matcher: MetadataMatcher) -> Space:
    """The requests for which filters noted what the matcher wants.

    Raises:
        Undecided: The matcher wants a value that is neither a string nor in a list of strings.
    """
    at = place(matcher.filter, (segment.key or "" for segment in matcher.path))
    found = _valued(matcher.value, at)
    return ~found if matcher.invert else found


def _valued(matcher: ValueMatcher | None, at: str) -> Space:
    match matcher:
        case ValueMatcher(string_match=StringMatcher() as text):
            return space({f"{TEXT}{at}": OptionalText(accepted_strings(text))})
        case ValueMatcher(list_match=ListMatcher(one_of=ValueMatcher(string_match=StringMatcher() as text))):
            return space({f"{LIST}{at}": some_of(accepted_strings(text))})
        case ValueMatcher(or_match=OrMatcher(value_matchers=matchers)):
            return any_of(_valued(each, at) for each in matchers)
        case _:
            raise Undecided("a value of metadata is neither a string nor a list of strings")
