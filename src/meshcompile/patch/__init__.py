"""EnvoyFilter: changes of what was emitted, in the order in which istiod makes them.

`patches(view)` has all that a proxy's EnvoyFilters do. What belongs together:

    values      what patches say, as messages
    patcher     which patches are for what, and the account of what they did
    listeners, routes, clusters, extensions      a kind of resource each
    merge, lists, editing      merging JSON, changing lists, changing messages
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from meshcompile.diagnostics import Diagnostic
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.patch.report import PatchReport
from meshcompile.resolve.envoy_filters import envoy_filters
from meshcompile.resolve.view import View


class Patches(Protocol):
    """What the EnvoyFilters of a proxy make of its configuration."""

    def clusters(self, clusters: Sequence[Cluster]) -> tuple[Cluster, ...]:
        """The clusters, patched, removed and added to; sorted by name."""

    def endpoints(
        self, assignments: Sequence[ClusterLoadAssignment], clusters: Iterable[Cluster]
    ) -> tuple[ClusterLoadAssignment, ...]:
        """The load assignments that the patched clusters ask for, sorted by name."""

    def listeners(self, listeners: Sequence[Listener]) -> tuple[Listener, ...]:
        """The listeners, and what is in them, patched; sorted by name."""

    def routes(self, routes: RouteConfiguration) -> RouteConfiguration:
        """A route configuration that a listener asks for, patched."""

    def extensions(
        self, extensions: Sequence[TypedExtensionConfig], discovered: Collection[str]
    ) -> tuple[TypedExtensionConfig, ...]:
        """The extension configurations with those that patches add under a discovered name; sorted by name."""

    def findings(self) -> Iterable[Diagnostic]:
        """Which patches changed nothing, and on which istiod fails."""

    def reports(self) -> tuple[PatchReport, ...]:
        """What became of each patch, in the order in which they are applied."""


class NoPatches:
    """The patches of a proxy that no EnvoyFilter selects: nothing changes."""

    def clusters(self, clusters: Sequence[Cluster]) -> tuple[Cluster, ...]:
        return tuple(clusters)

    def endpoints(
        self, assignments: Sequence[ClusterLoadAssignment], clusters: Iterable[Cluster]
    ) -> tuple[ClusterLoadAssignment, ...]:
        return tuple(assignments)

    def listeners(self, listeners: Sequence[Listener]) -> tuple[Listener, ...]:
        return tuple(listeners)

    def routes(self, routes: RouteConfiguration) -> RouteConfiguration:
        return routes

    def extensions(
        self, extensions: Sequence[TypedExtensionConfig], discovered: Collection[str]
    ) -> tuple[TypedExtensionConfig, ...]:
        return tuple(extensions)

    def findings(self) -> Iterable[Diagnostic]:
        return ()

    def reports(self) -> tuple[PatchReport, ...]:
        return ()


def patches(view: View) -> Patches:
    """The patches for a proxy."""
    filters = envoy_filters(view)
    if not filters.all:
        return NoPatches()
    from meshcompile.patch.applied import AppliedPatches  # only who patches pays for what it takes

    return AppliedPatches.of(view, filters)
