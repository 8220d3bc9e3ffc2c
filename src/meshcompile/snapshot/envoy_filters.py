"""EnvoyFilters by namespace. Follows istiod's `PushContext.initEnvoyFilters` and `EnvoyFilters`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.networking.envoy_filter import EnvoyFilter
from meshcompile.snapshot.resources import NO_CREATION_TIME, Resources


@dataclass(frozen=True)
class EnvoyFilterIndex:
    """EnvoyFilters by namespace."""

    root_namespace: str = ""
    by_namespace: Mapping[str, tuple[EnvoyFilter, ...]] = field(default_factory=dict)

    def concerning(self, namespace: str) -> tuple[EnvoyFilter, ...]:
        """The EnvoyFilters of a namespace and of the root namespace, in the order in which they are applied."""
        found = {each: self.by_namespace.get(each, ()) for each in (self.root_namespace, namespace)}
        return tuple(sorted((each for group in found.values() for each in group), key=self._order))

    def _order(self, envoy_filter: EnvoyFilter) -> tuple[int, bool, str, str]:
        """By priority; of one priority, those of the root namespace first, then by age."""
        meta = envoy_filter.metadata
        created = meta.creation_timestamp or NO_CREATION_TIME
        is_local = meta.namespace != self.root_namespace
        return (envoy_filter.spec.priority, is_local, created, f"{meta.name}.{meta.namespace}")


def envoy_filter_index(resources: Resources, mesh: MeshConfig) -> EnvoyFilterIndex:
    """The index of the accepted resources."""
    groups: dict[str, list[EnvoyFilter]] = {}
    for envoy_filter in resources.all(EnvoyFilter):
        groups.setdefault(envoy_filter.namespace, []).append(envoy_filter)
    return EnvoyFilterIndex(mesh.root_namespace, {namespace: tuple(group) for namespace, group in groups.items()})
