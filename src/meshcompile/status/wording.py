"""Lists in sentences, as istiod writes them."""

from collections.abc import Sequence


def listed(texts: Sequence[str]) -> str:
    """`a`, `a and b`, or `a, b, and c`."""
    match texts:
        case []:
            return ""
        case [only]:
            return only
        case [first, second]:
            return f"{first} and {second}"
        case [*most, last]:
            return f"{', '.join(most)}, and {last}"
        case _:
            raise AssertionError(texts)
