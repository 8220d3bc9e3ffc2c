"""What each proxy gets anew, how large its configuration is, and which connections close."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.compare.pairs import ConfigPair, Versions
from meshcompile.config import Config
from meshcompile.encoded import RESOURCE_TYPES
from meshcompile.envoy.config.listener import FilterChain, Listener
from meshcompile.envoy.fingerprint import sizes
from meshcompile.envoy.message import Message
from meshcompile.envoy.traversal import filter_chains

XDS: Mapping[str, str] = {
    "listeners": "LDS",
    "routes": "RDS",
    "clusters": "CDS",
    "endpoints": "EDS",
    "extensions": "ECDS",
}
"""The discovery service of each type of resources."""


class Size(Struct, frozen=True):
    """The size of configurations: bytes of compact JSON, and resources."""

    bytes: int = 0
    resources: int = 0

    def __add__(self, other: "Size") -> "Size":
        return Size(self.bytes + other.bytes, self.resources + other.resources)


MOST_CHAINS = 3
"""The number of filter chains that are named."""


class Drain(Struct, frozen=True, order=True):
    """Connections of a workload that close: all of a listener, or those of some of its filter chains."""

    workload: str
    listener: str
    chains: tuple[str, ...]
    is_removed: bool

    def __str__(self) -> str:
        if self.is_removed:
            return f"{self.workload}: listener {self.listener} goes away"
        chains = tuple(dict.fromkeys(self.chains))
        if not chains:
            return f"{self.workload}: listener {self.listener} is replaced"
        shown = ", ".join(chains[:MOST_CHAINS])
        more = f" and {len(chains) - MOST_CHAINS} more" if len(chains) > MOST_CHAINS else ""
        what = f"filter chain {shown} is" if len(chains) == 1 else f"filter chains {shown}{more} are"
        return f"{self.workload}: at listener {self.listener}, {what} replaced"


class Footprint(Struct, frozen=True):
    """One proxy: the types that it gets anew, such as `RDS`, and its size before and after."""

    workload: str
    types: tuple[str, ...]
    before: Size
    after: Size
    drains: tuple[Drain, ...]


def footprint(workload: str, pair: ConfigPair) -> Footprint:
    """What a change does to the configuration of a proxy."""
    types = tuple(XDS[kind] for kind in RESOURCE_TYPES if kind in pair.changed)
    before = {kind: _size(getattr(pair.before, kind)) for kind in RESOURCE_TYPES}
    after = {**before, **{kind: _size(getattr(pair.after, kind)) for kind in pair.changed}}
    return Footprint(workload, types, _total(before), _total(after), tuple(drains(workload, pair)))


def size(config: Config) -> Size:
    """The size of a configuration."""
    return _total({kind: _size(getattr(config, kind)) for kind in RESOURCE_TYPES})


def _size(messages: Sequence[Message]) -> Size:
    return Size(sum(sizes(messages)), len(messages))


def _total(of_types: Mapping[str, Size]) -> Size:
    return sum(of_types.values(), Size())


def drains(workload: str, pair: ConfigPair) -> Iterator[Drain]:
    """The connections that close. Envoy keeps those of filter chains that do not change, if nothing else does."""
    for name, versions in pair.changed.get("listeners", {}).items():
        yield from _drained(workload, name, versions)


def _drained(workload: str, name: str, versions: Versions) -> Iterator[Drain]:
    old, new = versions
    if not isinstance(old, Listener):
        return
    if not isinstance(new, Listener):
        yield Drain(workload, name, (), is_removed=True)
    elif _around(old) != _around(new):
        yield Drain(workload, name, (), is_removed=False)
    elif chains := tuple(each.name or str(number) for number, each in enumerate(_lost_chains(old, new))):
        yield Drain(workload, name, chains, is_removed=False)


def _around(listener: Listener) -> Listener:
    """A listener without its filter chains."""
    return replace(listener, filter_chains=(), default_filter_chain=None)


def _lost_chains(old: Listener, new: Listener) -> list[FilterChain]:
    kept = filter_chains(new)
    return [each for each in filter_chains(old) if each not in kept]
