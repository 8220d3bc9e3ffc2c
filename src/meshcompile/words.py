"""Words: sets of them, written as text, and nouns with numbers."""

from collections.abc import Sequence


def words(text: str) -> frozenset[str]:
    """The words between blanks and line breaks."""
    return frozenset(text.split())


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def counted(number: int, noun: str, form: str = "") -> str:
    """`1 proxy`, `2 proxies`. `form` is how the number is written, as in format strings: `,` gives `2,000 proxies`."""
    return f"{number:{form}} {noun if number == 1 else _plural(noun)}"


def nor_for_others(message: str, others: int) -> str:
    """A sentence about one proxy that holds for other proxies as well: `...; nor for 2 other proxies`."""
    return f"{message}; nor for {counted(others, 'other proxy')}" if others else message


def _plural(noun: str) -> str:
    """`policies`, `Ingresses`, `Endpoints`, `Gateways`."""
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    if noun.endswith("ss"):
        return f"{noun}es"
    return noun if noun.endswith("s") else f"{noun}s"
