"""The accepted resources of a mesh, grouped by kind, in istiod's order of precedence."""

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

from msgspec import Struct, field

from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import ObjectMeta, Resource


class Namespaced(Protocol):
    """What an index finds by its namespace and its name."""

    @property
    def namespace(self) -> str: ...

    @property
    def name(self) -> str: ...


R = TypeVar("R", bound=Resource)
N = TypeVar("N", bound=Namespaced)

# Creation time of objects without one.
NO_CREATION_TIME = "2024-01-01T00:00:00Z"
# Objects that istiod generates have no creation time, so they are older than all others.
BEFORE_EVERYTHING = "0001-01-01T00:00:00Z"
# The default name of the config cluster.
CONFIG_CLUSTER = "Kubernetes"


def oldest_first(resource: Resource) -> tuple[str, str, str]:
    """Sort key of istiod's precedence: creation time, then name, then namespace."""
    meta = resource.metadata
    return (meta.creation_timestamp or NO_CREATION_TIME, meta.name, meta.namespace)


def oldest_first_by_namespace(metadata: ObjectMeta) -> tuple[str, str, str]:
    """Sort key of routes and policies of the Gateway API: creation time, then namespace, then name."""
    return (metadata.creation_timestamp or NO_CREATION_TIME, metadata.namespace, metadata.name)


def by_namespace(resources: Iterable[N]) -> Mapping[str, tuple[N, ...]]:
    """The resources of each namespace, in their order."""
    groups: dict[str, list[N]] = {}
    for resource in resources:
        groups.setdefault(resource.namespace, []).append(resource)
    return {namespace: tuple(group) for namespace, group in groups.items()}


def by_name(groups: Mapping[str, Iterable[N]]) -> Mapping[tuple[str, str], N]:
    """The resources by namespace and name; the first of several with one name counts."""
    named: dict[tuple[str, str], N] = {}
    for namespace, group in groups.items():
        for resource in group:
            named.setdefault((namespace, resource.name), resource)
    return named


def grouped_by_kind(resources: Iterable[Resource]) -> Mapping[str, tuple[Resource, ...]]:
    """The resources of each model, by its name, in their order. It is the kind, except where two kinds share a name."""
    groups: dict[str, list[Resource]] = {}
    for resource in resources:
        groups.setdefault(type(resource).__name__, []).append(resource)
    return {kind: tuple(group) for kind, group in groups.items()}


def sorted_by_age(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """The resources, oldest first."""
    return tuple(sorted(resources, key=oldest_first))


class Assumed(Struct, frozen=True):
    """The objects of a cluster including assumed objects, and an info about each assumption."""

    resources: tuple[Resource, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


class ConfigStore(Struct, frozen=True):
    """The accepted resources of the config cluster and, by cluster name, of remote clusters (Kubernetes kinds only).

    Istio calls this the config store.
    """

    by_kind: Mapping[str, tuple[Resource, ...]]
    clusters: Mapping[str, "ConfigStore"] = field(default_factory=dict)

    @classmethod
    def of(cls, resources: Iterable[Resource], clusters: Mapping[str, "ConfigStore"] | None = None) -> "ConfigStore":
        """The resources grouped by kind, each group oldest first."""
        return cls({kind: sorted_by_age(group) for kind, group in grouped_by_kind(resources).items()}, clusters or {})

    def all(self, kind: type[R]) -> tuple[R, ...]:
        """Every resource of a kind, oldest first."""
        return tuple(r for r in self.by_kind.get(kind.__name__, ()) if isinstance(r, kind))
