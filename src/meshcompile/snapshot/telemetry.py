"""Telemetries by namespace, and the extension providers that they name. Follows istiod's `getTelemetries`."""

from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct

from meshcompile.models.mesh.extension_providers import ExtensionProvider
from meshcompile.models.mesh.mesh_config import DefaultProviders, MeshConfig
from meshcompile.models.telemetry.telemetry import Telemetry
from meshcompile.snapshot.policy_targets import is_attached
from meshcompile.snapshot.resources import ConfigStore, by_namespace


class TelemetryIndex(Struct, frozen=True, eq=False, dict=True):
    """Telemetries by namespace: the oldest one without a selector or target, and all others, oldest first.

    `defaults` are the mesh config's providers, which apply where no Telemetry names any.
    """

    root_namespace: str
    defaults: DefaultProviders
    all: tuple[Telemetry, ...]  # oldest first
    wide: Mapping[str, Telemetry]
    attached: Mapping[str, tuple[Telemetry, ...]]
    _providers: Mapping[str, ExtensionProvider]

    def provider(self, name: str) -> ExtensionProvider | None:
        """The extension provider with this name, ignoring case."""
        return self._providers.get(name.lower())

    def named(self, namespace: str, name: str) -> Telemetry | None:
        """The Telemetry of this name."""
        return self._by_name.get((namespace, name))

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], Telemetry]:
        return {(telemetry.namespace, telemetry.name): telemetry for telemetry in reversed(self.all)}


def telemetry_index(resources: ConfigStore, mesh: MeshConfig) -> TelemetryIndex:
    """The index of the accepted resources."""
    telemetries = resources.all(Telemetry)
    return TelemetryIndex(
        root_namespace=mesh.root_namespace,
        defaults=mesh.default_providers or DefaultProviders(),
        all=telemetries,
        wide={t.namespace: t for t in reversed(telemetries) if not is_attached(t.spec)},
        attached=by_namespace(t for t in telemetries if is_attached(t.spec)),
        _providers={provider.name.lower(): provider for provider in reversed(mesh.extension_providers)},
    )
