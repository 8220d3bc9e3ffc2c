"""What two proxies have in common if a change does the same to the requests that they send."""

from bisect import bisect_left
from collections.abc import Hashable, Iterator
from operator import attrgetter

from meshcompile.compare.pairs import ConfigPair
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.route import RouteConfiguration, VirtualHost
from meshcompile.envoy.fingerprint import digests
from meshcompile.envoy.message import Message
from meshcompile.symbolic.authorities import has_wildcard
from meshcompile.symbolic.comparison import changed_hosts, table_settings


class OutboundKeys:
    """Keys that are equal for proxies whose outbound requests differ in the same way.

    Messages that proxies share are compared by identity. Whoever keeps a key must keep its pair too.
    """

    def __init__(self) -> None:
        self._tables: dict[tuple[int, int], tuple[object, Hashable]] = {}

    def key(self, pair: ConfigPair) -> Hashable:
        """The key of a proxy.

        Listeners differ between workloads in what they report about themselves, so only their names and those that
        change are compared.
        """
        return tuple(self._parts(pair))

    def _parts(self, pair: ConfigPair) -> Iterator[Hashable]:
        yield pair.before.proxy.type
        yield tuple(each.name for each in pair.before.listeners)
        for old, new in pair.changed.get("listeners", {}).values():
            yield tuple(digests([each for each in (old, new) if each is not None]))
        yield from self._routes(pair)
        for kind in ("clusters", "endpoints", "extensions"):
            yield _shared(getattr(pair.before, kind))
            if kind in pair.changed:
                yield _shared(getattr(pair.after, kind))

    def _routes(self, pair: ConfigPair) -> Iterator[Hashable]:
        """The virtual hosts that change, if nothing else does; otherwise all route tables."""
        changed = pair.changed.get("routes", {})
        if pair.changed.keys() != {"routes"}:
            yield from (_identities(each.routes) for each in (pair.before, pair.after))
            return
        for name, (old, new) in changed.items():
            yield name, self._table(old, new)

    def _table(self, old: Message | None, new: Message | None) -> Hashable:
        if not (isinstance(old, RouteConfiguration) and isinstance(new, RouteConfiguration)):
            return None if old is None else id(old), None if new is None else id(new)
        known = self._tables.get((id(old), id(new)))
        if known is None:
            known = self._tables[id(old), id(new)] = ((old, new), tuple(map(_hosts, *_split(old, new))))
        return known[1]


def _split(
    old: RouteConfiguration, new: RouteConfiguration
) -> tuple[tuple[RouteConfiguration, RouteConfiguration], tuple[frozenset[int], frozenset[int]]]:
    return (old, new), changed_hosts(old, new)


def _hosts(table: RouteConfiguration, changed: frozenset[int]) -> Hashable:
    """What a table does to requests to the hosts that change, or that wildcards take."""
    concerned: list[VirtualHost] = [
        host for index, host in enumerate(table.virtual_hosts) if index in changed or has_wildcard(host)
    ]
    return table_settings(table), tuple(digests(concerned))


def _identities(messages: tuple[Message, ...]) -> tuple[int, ...]:
    return tuple(map(id, messages))


class SameMessages:
    """Messages as a key: equal to equal ones. Those that are the same objects are not compared."""

    __slots__ = ("_hash", "messages")

    def __init__(self, messages: tuple[Message, ...]) -> None:
        self.messages = messages
        self._hash = hash((len(messages), *map(id, messages[:1]), *map(id, messages[-1:])))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SameMessages):
            return NotImplemented
        return self.messages is other.messages or self.messages == other.messages

    def __hash__(self) -> int:
        return self._hash


def _shared(messages: tuple[Message, ...]) -> Hashable:
    """Clusters without those for requests to the workload itself; endpoints and extensions as they are.

    Proxies share the clusters of Services, and have their own of the others. Clusters are sorted by name.
    """
    if not messages or not isinstance(messages[0], Cluster):
        return SameMessages(messages)
    places = [bisect_left(messages, name, key=attrgetter("name")) for name in ("inbound|", "inbound}", *OUTBOUND)]
    own = (*messages[: places[0]], *messages[places[1] : places[2]], *messages[places[3] :])
    return tuple(digests(own)), SameMessages(messages[places[2] : places[3]])


OUTBOUND = ("outbound|", "outbound}")
"""The names of clusters of Services, from and before."""
