"""A mesh after an edit of its input: see `Mesh.updated`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from msgspec import Struct

from meshcompile.accept import Accepted
from meshcompile.edits import InputEdit, edit_of, edited, knows
from meshcompile.errors import InvalidArgument
from meshcompile.inputs import Loading
from meshcompile.models.base import Resource
from meshcompile.settings import MeshSettings, settings_with
from meshcompile.source.paths import is_same_file
from meshcompile.source.reading import Input

_WITH_SETTINGS = frozenset({"ConfigMap", "IstioOperator"})


class Loaded(Struct, frozen=True, eq=False):
    """What a mesh was loaded from, and the resulting objects."""

    config_cluster: Accepted
    remote_clusters: Mapping[str, Accepted]
    settings: MeshSettings
    loading: Loading


def updated(
    before: Loaded, changed: Input | Iterable[Input], removed: Input | Iterable[Input], cluster: str | None
) -> Loaded:
    """What a mesh is loaded from after an edit."""
    edit = edit_of(changed, removed, before.loading.reading)
    clusters = _clusters_after(before, edit, cluster)
    own = clusters.pop(_CONFIG)
    loading = _loading_after(before.loading, edit)
    is_as_it_was = loading is before.loading and _sources(own) == _sources(before.config_cluster)
    settings = before.settings if is_as_it_was else _settings(own, loading)
    return Loaded(own, clusters, settings, loading)


def _settings(own: Accepted, loading: Loading) -> MeshSettings:
    return settings_with(own.resources, loading.given, loading.reading.admission.behaviour)


_CONFIG = ""


def _clusters_after(before: Loaded, edit: InputEdit, cluster: str | None) -> dict[str, Accepted]:
    """The objects of each cluster after an edit. The config cluster has an empty name."""
    clusters: Mapping[str, Accepted] = {_CONFIG: before.config_cluster, **before.remote_clusters}
    target = _CONFIG if cluster is None else cluster
    if target not in clusters or cluster == _CONFIG:
        raise InvalidArgument(_no_such_cluster(target, before.remote_clusters))
    homes = {path: _homes(path, clusters, target, before.loading) for path in edit.paths}
    return {
        name: _edited(accepted, edit.within(_paths_of(name, homes), name == target), before.loading)
        for name, accepted in clusters.items()
    }


def _no_such_cluster(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"there is no remote cluster {name!r}" + (f"; did you mean {close[0]!r}?" if close else "")


def _paths_of(cluster: str, homes: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset(path for path, clusters in homes.items() if cluster in clusters)


def _edited(before: Accepted, edit: InputEdit, loading: Loading) -> Accepted:
    """The objects of a cluster after an edit. The same value if the edit does not affect it."""
    return edited(before, edit, loading.reading) if edit else before


def _homes(path: str, clusters: Mapping[str, Accepted], target: str, loading: Loading) -> frozenset[str]:
    """The clusters whose input has a path; the target cluster for a new path."""
    known = frozenset(name for name, accepted in clusters.items() if knows(accepted, path))
    return known or (frozenset() if _is_of_settings(path, loading) else frozenset({target}))


def _is_of_settings(path: str, loading: Loading) -> bool:
    """Whether the mesh config or the networks are in this file."""
    return any(is_same_file(given, path) for given in (loading.mesh_config, loading.networks))


def _loading_after(loading: Loading, edit: InputEdit) -> Loading:
    """How the mesh is loaded. The settings are read again if their files changed."""
    if not any(_is_of_settings(path, loading) for path in edit.paths):
        return loading
    return Loading.of(loading.reading, loading.mesh_config, loading.networks)


def _sources(cluster: Accepted) -> list[int]:
    """The objects that may have settings of the mesh, by identity."""
    return [id(resource) for resource in cluster.resources if _may_hold_settings(resource)]


def _may_hold_settings(resource: Resource) -> bool:
    return resource.kind in _WITH_SETTINGS
