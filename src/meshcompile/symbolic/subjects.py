"""What authorization rules can be asked about: all requests on all connections, and those that a witness describes."""

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce

from meshcompile.simulate.header_map import JOINED
from meshcompile.spaces import (
    ABSENT,
    ANY,
    EVERYTHING,
    PRESENT,
    OptionalText,
    Several,
    SomeTexts,
    Space,
    Values,
    choices,
    exactly,
    matching,
    ranges,
    space,
)
from meshcompile.symbolic.addresses import END, number
from meshcompile.symbolic.authorities import AUTHORITIES
from meshcompile.symbolic.conditions import HEADER_TEXTS
from meshcompile.symbolic.header_lines import LINES
from meshcompile.symbolic.metadata import LIST, TEXT
from meshcompile.symbolic.paths import ANY_PATH
from meshcompile.symbolic.rows import METHOD_NAMES

NAMES = matching("[a-z0-9._*-]*")
"""Server names, in small letters; "" for none."""
CERTIFICATE_NAMES = matching("[!-~]*")
CONNECT = exactly("CONNECT")
ADDRESSES = ~ranges([(number(each), number(each) + 1) for each in ("0.0.0.0", "::")], END)
"""The addresses that something can have."""
ALONE: Mapping[str, Values] = {
    "authority": AUTHORITIES,
    "scheme": matching("https?"),
    **dict.fromkeys(("destination", "source", "client"), ADDRESSES),
}
"""What every request has in a dimension that depends on no other one."""


def universe(used: Iterable[str]) -> Space:
    """All requests, as far as some dimensions go. What one request cannot have together is left out.

    A CONNECT has no path, plain text has neither a server name nor a certificate, and a value that filters noted is a
    string or a list.
    """
    names = set(used)
    parts = (_targets(names), _transports(names), *(_noted(at) for at in _twice(names)), space(dict(_alone(names))))
    return reduce(Space.__and__, parts, EVERYTHING)


def dimensions(spaces: Iterable[Space]) -> set[str]:
    """The dimensions in which some spaces have conditions."""
    return {name for each in spaces for cube in each.cubes for name, _ in cube.conditions}


def _targets(names: set[str]) -> Space:
    if names.isdisjoint(("path", "method")):
        return EVERYTHING
    usual = space(path=ANY_PATH, method=METHOD_NAMES)
    return usual | space(path=exactly(""), method=CONNECT)


def _transports(names: set[str]) -> Space:
    if names.isdisjoint(("tls", "sni", "principal")):
        return EVERYTHING
    plain = space(tls=choices(False), sni=exactly(""), principal=ABSENT)
    return plain | space(tls=choices(True), sni=NAMES, principal=OptionalText(CERTIFICATE_NAMES))


def _twice(names: set[str]) -> Iterator[str]:
    """The places of metadata of which rules ask for a string, and for a list."""
    texts = (name.removeprefix(TEXT) for name in names if name.startswith(TEXT))
    return (at for at in sorted(texts) if f"{LIST}{at}" in names)


def _noted(at: str) -> Space:
    text, items = f"{TEXT}{at}", f"{LIST}{at}"
    lacking = Several((), absent=True)
    some = Several((SomeTexts(ANY),))
    return (
        space({text: PRESENT, items: lacking})
        | space({text: ABSENT, items: some})
        | space({text: ABSENT, items: lacking})
    )


def _alone(names: set[str]) -> Iterator[tuple[str, Values]]:
    for name in sorted(names):
        if name in ALONE:
            yield name, ALONE[name]
        elif name.removeprefix(LINES) in JOINED:
            yield name, OptionalText(HEADER_TEXTS, absent=True)
        elif name.startswith(LINES):
            yield name, Several((SomeTexts(HEADER_TEXTS),), absent=True)
