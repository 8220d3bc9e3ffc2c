"""The mesh with some of the changed objects applied, and what its proxies route to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from operator import attrgetter

from msgspec import Struct

from meshcompile.compare.comparison import configuration
from meshcompile.compare.proxies import by_workload
from meshcompile.compare.sharing import following
from meshcompile.config import Config
from meshcompile.dead_ends import OF_BOOTSTRAP, cluster_names
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.mesh import Mesh
from meshcompile.rollout.edits import ObjectEdit, edited
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
    """A mesh, and the configurations of the proxies that are looked at."""

    mesh: Mesh
    configs: Mapping[ProxyKey, Config]

    @cached_property
    def problems(self) -> frozenset[Problem]:
        """The clusters that proxies route to in vain."""
        return frozenset(
            problem for (workload, _), config in self.configs.items() for problem in _problems(workload, config)
        )

    @cached_property
    def routed(self) -> frozenset[str]:
        """The clusters that some proxy routes to."""
        messages = {id(each): each for config in self.configs.values() for each in _senders(config)}
        return _routed(messages.values())

    @cached_property
    def clusters(self) -> frozenset[str]:
        """The clusters that some proxy has, with endpoints as far as it discovers them."""
        messages = {id(each): each.name for config in self.configs.values() for each in config.clusters}
        empty = {name for config in self.configs.values() for name in _empty(config)}
        return frozenset(messages.values()) - empty


def stage(mesh: Mesh, proxies: Sequence[ProxyKey] | None = None) -> Stage:
    """The stage of a mesh, for all proxies or for some of them."""
    found = by_workload(mesh)
    return Stage(mesh, {key: configuration(mesh, found[key]) for key in proxies or found if key in found})


def after(earlier: Stage, edits: Sequence[ObjectEdit], proxies: Sequence[ProxyKey] | None = None) -> Stage:
    """The stage after an earlier one, with more edits."""
    return stage(with_edits(earlier.mesh, edits), proxies)


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


def _problems(workload: str, config: Config) -> Iterable[Problem]:
    routed = _routed(_senders(config))
    known = {*map(attrgetter("name"), config.clusters), *OF_BOOTSTRAP}
    for name in routed - known:
        yield Problem(workload, name, is_missing=True)
    for name in routed & _empty(config):
        yield Problem(workload, name, is_missing=False)


def _senders(config: Config) -> Iterable[Listener | RouteConfiguration]:
    yield from config.listeners
    yield from config.routes


def _routed(messages: Iterable[Listener | RouteConfiguration]) -> frozenset[str]:
    """The clusters that messages route to."""
    return frozenset(name for message in messages for name in cluster_names(message))


def _empty(config: Config) -> frozenset[str]:
    """The clusters whose discovered endpoints are none."""
    return frozenset(
        each.cluster_name for each in config.endpoints if not any(one.lb_endpoints for one in each.endpoints)
    )
