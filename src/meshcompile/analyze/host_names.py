"""Hosts and wildcards, indexed by the names that they cover."""

from collections.abc import Iterable, Iterator, Set

from msgspec import Struct

from meshcompile.values.hosts import is_wildcard


class HostNames(Struct, frozen=True):
    """The hosts of an index. `lengths` are those of its wildcards, the longest first."""

    names: Set[str]
    lengths: tuple[int, ...]

    @classmethod
    def of(cls, names: Iterable[str]) -> "HostNames":
        """The index of some full hosts."""
        found = frozenset(names)
        return cls(found, tuple(sorted({len(name) for name in found if is_wildcard(name)}, reverse=True)))

    def covering(self, host: str) -> Iterator[str]:
        """The host itself, if it is one of them, and the wildcards that cover it, the most specific first."""
        if host in self.names:
            yield host
        tail = host[1:] if is_wildcard(host) else host
        for length in self.lengths:
            if length <= len(tail) + 1:
                wildcard = f"*{tail[len(tail) + 1 - length :]}"
                if wildcard != host and wildcard in self.names:
                    yield wildcard
