"""EnvoyFilters by namespace. Follows istiod's `PushContext.initEnvoyFilters` and `EnvoyFilters`."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from msgspec import Struct, field

from meshcompile.behaviour import Behaviour
from meshcompile.codes.envoy_filters import PATCH_OF_OTHER_RELEASE
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.networking.envoy_filter import EnvoyFilter
from meshcompile.snapshot.resources import NO_CREATION_TIME, ConfigStore, by_name, by_namespace


class EnvoyFilterIndex(Struct, frozen=True, dict=True):
    """EnvoyFilters by namespace."""

    root_namespace: str = ""
    by_namespace: Mapping[str, tuple[EnvoyFilter, ...]] = field(default_factory=dict)
    by_plain_name: bool = False
    only_short_versions: bool = False

    def concerning(self, namespace: str) -> tuple[EnvoyFilter, ...]:
        """The EnvoyFilters of a namespace and of the root namespace, in the order in which they apply."""
        groups = {name: self.by_namespace.get(name, ()) for name in (self.root_namespace, namespace)}
        return tuple(sorted((envoy_filter for group in groups.values() for envoy_filter in group), key=self._order))

    def named(self, namespace: str, name: str) -> EnvoyFilter | None:
        """The EnvoyFilter of this name."""
        return self._by_name.get((namespace, name))

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], EnvoyFilter]:
        return by_name(self.by_namespace)

    def _order(self, envoy_filter: EnvoyFilter) -> tuple[int, bool, str, str]:
        """Sort key: by priority, then those of the root namespace first, then by age."""
        meta = envoy_filter.metadata
        created = meta.creation_timestamp or NO_CREATION_TIME
        is_local = meta.namespace != self.root_namespace
        name = meta.name if self.by_plain_name else f"{meta.name}.{meta.namespace}"
        return (envoy_filter.spec.priority, is_local, created, name)


def envoy_filter_index(resources: ConfigStore, mesh: MeshConfig, behaviour: Behaviour) -> EnvoyFilterIndex:
    """The index of the accepted resources."""
    filters = by_namespace(resources.all(EnvoyFilter))
    return EnvoyFilterIndex(mesh.root_namespace, filters, behaviour.filters_by_name, behaviour.short_proxy_versions)


def has_version(expression: str, version: str) -> bool:
    """Whether an expression matches a proxy's version. A proxy without a version never matches."""
    try:
        return bool(version and re.search(expression, version))
    except re.error:
        return True  # like istiod, ignore an expression that does not compile


def patches_of_other_releases(resources: ConfigStore, release: str) -> Iterator[Diagnostic]:
    """The patches that apply only to other releases, if the mesh's proxies have this release."""
    for envoy_filter in resources.all(EnvoyFilter):
        for patch in envoy_filter.spec.config_patches:
            match = patch.match.proxy if patch.match is not None else None
            if match is not None and match.proxy_version and not has_version(match.proxy_version, release):
                yield PATCH_OF_OTHER_RELEASE(match.at("proxy_version"), expression=match.proxy_version, release=release)
