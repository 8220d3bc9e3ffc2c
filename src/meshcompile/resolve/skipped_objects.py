"""The objects that a proxy gets nothing of: what each filter of `resolve` leaves out."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import TypeVar

from msgspec import Struct

from meshcompile.resolve.facts import ProxyFacts
from meshcompile.resolve.gateways.merged import skipped_gateways
from meshcompile.resolve.scope.not_imported import not_imported
from meshcompile.resolve.security.mtls import skipped_peer_policies
from meshcompile.resolve.security.policy_attachment import AttachablePolicy, skipped_policies
from meshcompile.resolve.skipped import Skipped
from meshcompile.snapshot.snapshot import Snapshot

T = TypeVar("T")


class SkippedObjects(Struct, frozen=True, dict=True, eq=False):
    """What is left out for one proxy. Two are equal when they list the same objects with the same reasons.

    The list takes a look at every object of the mesh. Few ask for it, so it is made on first use.
    """

    snapshot: Snapshot
    facts: ProxyFacts

    @cached_property
    def all(self) -> tuple[Skipped, ...]:
        """The objects, by kind. An object has one reason, or several when several of its parts are left out."""
        return tuple(_skipped(self.snapshot, self.facts))

    def __iter__(self) -> Iterator[Skipped]:
        return iter(self.all)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SkippedObjects) and self.all == other.all

    def __hash__(self) -> int:
        return hash(self.all)


def _skipped(snapshot: Snapshot, facts: ProxyFacts) -> Iterator[Skipped]:
    proxy = facts.proxy
    yield from skipped_policies(
        attachable_policies(snapshot), proxy, snapshot.mesh.root_namespace, facts.behind.services
    )
    yield from skipped_peer_policies(snapshot.authentication, proxy)
    yield from skipped_gateways(snapshot.gateways, proxy, facts.targets)
    yield from not_imported(snapshot, proxy, facts.scope, facts.gateway.gateways)


def attachable_policies(snapshot: Snapshot) -> Iterator[AttachablePolicy]:
    """Every object that selects workloads or targets objects."""
    yield from _all(snapshot.authorization.by_namespace)
    yield from _all(snapshot.authentication.request)
    yield from snapshot.telemetry.all
    yield from _all(snapshot.envoy_filters.by_namespace)
    yield from _all(snapshot.extensions.by_namespace)


def _all(by_namespace: Mapping[str, tuple[T, ...]]) -> Iterator[T]:
    return chain.from_iterable(by_namespace.values())
