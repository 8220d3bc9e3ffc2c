"""The clusters that proxies route to in vain. What proxies share is looked at once, over all stages."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import TypeVar

from meshcompile.config import Config
from meshcompile.dead_ends import OF_BOOTSTRAP, cluster_names
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration

V = TypeVar("V")
Sender = Listener | RouteConfiguration
"""A message that routes to clusters."""
Names = frozenset[str]
NO_NAMES: Names = frozenset()


class ClusterTargets:
    """Looks up clusters by the identity of the messages that name them, which it keeps."""

    def __init__(self) -> None:
        self._answers: dict[tuple[object, ...], tuple[tuple[object, ...], Names]] = {}
        self._names: dict[Names, Names] = {}

    def missing(self, config: Config) -> Names:
        """The clusters that a proxy routes to and does not have. Proxies with the same ones share the set."""
        known = self.known(config)
        return self._united(self._of(_without, sender, known) for sender in senders(config))

    def unserved(self, config: Config) -> Names:
        """The clusters that a proxy routes to, and whose discovered endpoints are none, shared as well."""
        empty = self.empty(config)
        return self._united(self._of(_within, sender, empty) for sender in senders(config))

    def known(self, config: Config) -> Names:
        """The names of the clusters of a proxy. Equal sets are one object."""
        return self._of(self._cluster_names, config.clusters)

    def empty(self, config: Config) -> Names:
        """The clusters whose discovered endpoints are none."""
        return self._of(_empty, config.endpoints)

    def _of(self, compute: Callable[..., Names], *values: object) -> Names:
        """What is computed from some values, once as long as they are the same objects."""
        key = (compute, *map(id, values))
        found = self._answers.get(key)
        if found is None:
            found = self._answers[key] = (values, compute(*values))
        return found[1]

    def _united(self, parts: Iterable[Names]) -> Names:
        some = tuple({id(part): part for part in parts if part}.values())
        return some[0] if len(some) == 1 else self._of(NO_NAMES.union, *some)

    def _cluster_names(self, clusters: tuple[Cluster, ...]) -> Names:
        names = frozenset(map(attrgetter("name"), clusters))
        return self._names.setdefault(names, names)


def senders(config: Config) -> Iterable[Sender]:
    """The messages of a proxy that route to clusters."""
    yield from config.listeners
    yield from config.routes


def _without(sender: Sender, known: Names) -> Names:
    return frozenset(cluster_names(sender)) - known - OF_BOOTSTRAP


def _within(sender: Sender, names: Names) -> Names:
    return names & cluster_names(sender)


def _empty(endpoints: tuple[ClusterLoadAssignment, ...]) -> Names:
    return frozenset(each.cluster_name for each in endpoints if not any(one.lb_endpoints for one in each.endpoints))
