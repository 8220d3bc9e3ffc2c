"""The mesh with some of the changed objects applied, and what its proxies route to."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from msgspec import Struct

from meshcompile.compare.compilation import Compilation, compilation
from meshcompile.compare.proxies import by_workload
from meshcompile.compare.sharing import following
from meshcompile.config import Config
from meshcompile.dead_ends import cluster_names
from meshcompile.mesh import Mesh
from meshcompile.rollout.edits import ObjectEdit, edited
from meshcompile.rollout.targets import NO_NAMES, ClusterTargets, Names, senders
from meshcompile.settings import settings_with

ProxyKey = tuple[str, int]
"""The workload of a proxy, and the number of the proxy in it."""
WITH_SETTINGS = ("ConfigMap", "IstioOperator")


class Problem(Struct, frozen=True, order=True):
    """A cluster that a proxy routes to, and that it does not have, or that has no endpoints."""

    workload: str
    cluster: str
    is_missing: bool

    def __str__(self) -> str:
        what = "which does not exist" if self.is_missing else "which has no endpoints"
        return f"{self.workload} routes to {self.cluster}, {what}"


class Stage(Struct, frozen=True, eq=False, dict=True):
    """A mesh, and the configurations of the proxies that are looked at.

    Stages that follow each other share `targets`.
    """

    mesh: Mesh
    compilations: Mapping[ProxyKey, Compilation]
    targets: ClusterTargets

    @cached_property
    def configs(self) -> Mapping[ProxyKey, Config]:
        """The configurations. What is the same as at an earlier stage is the same object."""
        return {key: each.config for key, each in self.compilations.items()}

    @property
    def problems(self) -> frozenset[Problem]:
        """The clusters that proxies route to in vain."""
        return self.problems_beyond()

    def problems_beyond(self, *stages: "Stage") -> frozenset[Problem]:
        """The problems that none of some other stages has."""
        return frozenset(
            Problem(key[0], name, is_missing)
            for is_missing in (True, False)
            for key, names in self._in_vain(is_missing=is_missing).items()
            for name in _without(names, [each._in_vain(is_missing=is_missing).get(key, NO_NAMES) for each in stages])
        )

    def _in_vain(self, *, is_missing: bool) -> Mapping[ProxyKey, Names]:
        return self._missing if is_missing else self._unserved

    @cached_property
    def _missing(self) -> Mapping[ProxyKey, Names]:
        return {key: self.targets.missing(config) for key, config in self.configs.items()}

    @cached_property
    def _unserved(self) -> Mapping[ProxyKey, Names]:
        return {key: self.targets.unserved(config) for key, config in self.configs.items()}

    @cached_property
    def routed(self) -> frozenset[str]:
        """The clusters that some proxy routes to."""
        messages = {id(each): each for config in self.configs.values() for each in senders(config)}
        return frozenset(name for each in messages.values() for name in cluster_names(each))

    @cached_property
    def clusters(self) -> frozenset[str]:
        """The clusters that some proxy has, with endpoints as far as it discovers them."""
        known = {id(names): names for names in map(self.targets.known, self.configs.values())}
        empty = {id(names): names for names in map(self.targets.empty, self.configs.values())}
        return NO_NAMES.union(*known.values()) - NO_NAMES.union(*empty.values())


def _without(names: Names, others: Sequence[Names]) -> Names:
    """The names that no other set has. Sets that proxies and stages share are not looked at."""
    return NO_NAMES if any(each is names for each in others) else names.difference(*others)


Compilations = Mapping[ProxyKey, Compilation]


def stage(
    mesh: Mesh,
    proxies: Sequence[ProxyKey] | None = None,
    known: Compilations | None = None,
    targets: ClusterTargets | None = None,
) -> Stage:
    """The stage of a mesh, for all proxies or for some of them.

    Args:
        mesh: The mesh.
        proxies: The proxies; all of them by default.
        known: Compilations in this mesh, or in one with which it shares answers.
        targets: The targets of an earlier stage.
    """
    found, before = by_workload(mesh), known or {}
    keys = (key for key in proxies or found if key in found)
    compilations = {key: compilation(mesh, found[key], before.get(key)) for key in keys}
    return Stage(mesh, compilations, ClusterTargets() if targets is None else targets)


def after(earlier: Stage, edits: Sequence[ObjectEdit], proxies: Sequence[ProxyKey] | None = None) -> Stage:
    """The stage after an earlier one, with more edits."""
    return stage(with_edits(earlier.mesh, edits), proxies, earlier.compilations, earlier.targets)


def with_edits(mesh: Mesh, edits: Sequence[ObjectEdit]) -> Mesh:
    """A mesh after some edits, which keeps the answers that still hold."""
    own = replace(mesh.config_cluster, resources=edited("", mesh.config_cluster.resources, edits))
    remote = {
        name: replace(each, resources=edited(name, each.resources, edits))
        for name, each in mesh.remote_clusters.items()
    }
    has_settings = any(edit.id[2] in WITH_SETTINGS for edit in edits)
    settings = settings_with(own.resources, mesh.loading.given, mesh.behaviour) if has_settings else mesh.settings
    return following(mesh, replace(mesh, config_cluster=own, remote_clusters=remote, settings=settings))
