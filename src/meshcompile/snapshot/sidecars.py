"""Sidecars by namespace, in order of precedence. Follows istiod's `PushContext.initSidecarScopes`."""

from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.networking.sidecar import Sidecar
from meshcompile.snapshot.resources import ConfigStore, by_name, by_namespace
from meshcompile.values.labels import Labels, selects


class SidecarIndex(Struct, frozen=True, dict=True):
    """Sidecars of each namespace: those with a selector first, each group oldest first.

    `root` is the root namespace's Sidecar without a selector. It applies to every namespace without its own Sidecar.
    """

    by_namespace: Mapping[str, tuple[Sidecar, ...]]
    root: Sidecar | None

    def for_workload(self, namespace: str, labels: Labels) -> Sidecar | None:
        """The Sidecar of a workload: the first of its namespace that selects it, else the root namespace's."""
        own = self.by_namespace.get(namespace, ())
        return next((sidecar for sidecar in own if selects(_selector(sidecar), labels)), self.root)

    def named(self, namespace: str, name: str) -> Sidecar | None:
        """The Sidecar of this name."""
        return self._by_name.get((namespace, name))

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], Sidecar]:
        return by_name(self.by_namespace)


def sidecar_index(resources: ConfigStore, mesh: MeshConfig) -> SidecarIndex:
    """The index of the accepted Sidecars."""
    sidecars = sorted(resources.all(Sidecar), key=_selects_everything)
    groups = by_namespace(sidecars)
    in_root = groups.get(mesh.root_namespace, ())
    return SidecarIndex(
        by_namespace=groups,
        root=next((sidecar for sidecar in in_root if _selects_everything(sidecar)), None),
    )


def _selects_everything(sidecar: Sidecar) -> bool:
    return sidecar.spec.workload_selector is None


def _selector(sidecar: Sidecar) -> Labels:
    selector = sidecar.spec.workload_selector
    return {} if selector is None else selector.labels
