"""The settings of a mesh: the caller's settings override those of the input, which override Istio's installed
defaults.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.behaviour import ISTIO_1_30, Behaviour
from meshcompile.codes.mesh import INVALID_MESH_CONFIG, MESH_CONFIG_FROM, MESH_CONFIG_NOT_USED
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.documents import Document, Origin
from meshcompile.errors import instance
from meshcompile.models.base import Node, Resource
from meshcompile.settings_sources import SettingsSource, source_given, sources_among
from meshcompile.source.reading import WRITTEN, Input

if TYPE_CHECKING:  # imported only if the settings are written or used: checking other objects needs neither
    from meshcompile.models.mesh.mesh_config import MeshConfig
    from meshcompile.models.mesh.mesh_networks import MeshNetworks

N = TypeVar("N", bound=Node)


@dataclass(frozen=True)
class MeshSettings:
    """The mesh config and the networks from all sources, in ascending precedence, and findings about them."""

    mesh_layers: tuple[MeshConfig, ...] = ()
    network_layers: tuple[MeshNetworks, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = field(default=(), compare=False)

    @cached_property
    def mesh(self) -> MeshConfig:
        """The effective mesh config."""
        from meshcompile.models.mesh.defaults import INSTALLED_DEFAULTS
        from meshcompile.models.mesh.merge import merged_mesh_config

        return reduce(merged_mesh_config, self.mesh_layers, INSTALLED_DEFAULTS)

    @cached_property
    def networks(self) -> MeshNetworks:
        """The effective networks."""
        from meshcompile.models.mesh.mesh_networks import MeshNetworks

        return self.network_layers[-1] if self.network_layers else MeshNetworks.model_construct()


class GivenSettings(Struct, frozen=True):
    """The settings that the caller passes, and findings about them."""

    mesh: MeshConfig | None = None
    networks: MeshNetworks | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


NOTHING_GIVEN = GivenSettings()


def given_settings(mesh_config: Input | MeshConfig | None, networks: Input | MeshNetworks | None) -> GivenSettings:
    """The settings that the caller passes. Raises UnreadableInput or InvalidArgument for a file without settings."""
    if mesh_config is None and networks is None:
        return NOTHING_GIVEN
    diagnostics: list[Diagnostic] = []
    mesh, found = _given_mesh_config(mesh_config, diagnostics), _given_networks(networks, diagnostics)
    return GivenSettings(mesh, found, tuple(diagnostics))


def mesh_settings(
    resources: Iterable[Resource],
    mesh_config: Input | MeshConfig | None = None,
    networks: Input | MeshNetworks | None = None,
    behaviour: Behaviour = ISTIO_1_30,
) -> MeshSettings:
    """The effective settings. A source that cannot be read is ignored, and a diagnostic says why.

    Raises UnreadableInput or InvalidArgument for a given file without settings.
    """
    return settings_with(resources, given_settings(mesh_config, networks), behaviour)


def settings_with(resources: Iterable[Resource], given: GivenSettings, behaviour: Behaviour) -> MeshSettings:
    """The effective settings in a release, from the input and from what the caller passed."""
    sources = sources_among(resources)
    if not sources and given is NOTHING_GIVEN:
        return MeshSettings()
    diagnostics: list[Diagnostic] = []
    in_input = _holding(sources, diagnostics)
    written = (_mesh_config(in_input, diagnostics), given.mesh)
    mesh_layers = [_known(layer, behaviour, diagnostics) for layer in written if layer]
    network_layers = (_networks(in_input, diagnostics), given.networks)
    return MeshSettings(
        tuple(mesh_layers),
        tuple(layer for layer in network_layers if layer),
        (*diagnostics, *given.diagnostics),
    )


def _known(layer: MeshConfig, behaviour: Behaviour, diagnostics: list[Diagnostic]) -> MeshConfig:
    """What the release knows of a mesh config."""
    from meshcompile.models.mesh.releases import known_to

    known, findings = known_to(layer, behaviour)
    diagnostics.extend(findings)
    return known


def _holding(sources: Sequence[SettingsSource], diagnostics: list[Diagnostic]) -> SettingsSource | None:
    """The source that applies, which is the first. Each of the others gets a finding."""
    if not sources:
        return None
    holding, *others = sources
    related = (Related("this one applies", holding.origin),)
    diagnostics.extend(MESH_CONFIG_NOT_USED(other.origin, what=holding.name, related=related) for other in others)
    return holding


def _given_mesh_config(given: Input | MeshConfig | None, diagnostics: list[Diagnostic]) -> MeshConfig | None:
    from meshcompile.models.mesh.mesh_config import MeshConfig

    if given is None or isinstance(given, MeshConfig):
        return given
    return _mesh_config(source_given(instance("mesh_config", given, *WRITTEN), "mesh config"), diagnostics)


def _given_networks(given: Input | MeshNetworks | None, diagnostics: list[Diagnostic]) -> MeshNetworks | None:
    from meshcompile.models.mesh.mesh_networks import MeshNetworks

    if given is None or isinstance(given, MeshNetworks):
        return given
    return _networks(source_given(instance("networks", given, *WRITTEN), "mesh networks"), diagnostics)


def _mesh_config(source: SettingsSource | None, diagnostics: list[Diagnostic]) -> MeshConfig | None:
    """The mesh config of a source, its parts merged as Helm merges values."""
    from meshcompile.models.mesh.merge import merged_values
    from meshcompile.models.mesh.mesh_config import MeshConfig

    if source is None:
        return None
    diagnostics.extend(source.diagnostics)
    if source.mesh and not source.is_plain:
        diagnostics.append(MESH_CONFIG_FROM(Origin(source.mesh[-1]), what=source.name))
    layers = [layer for part in source.mesh if (layer := _node(part, MeshConfig, diagnostics)) is not None]
    return reduce(merged_values, layers) if layers else None


def _networks(source: SettingsSource | None, diagnostics: list[Diagnostic]) -> MeshNetworks | None:
    """The networks of a source."""
    from meshcompile.models.mesh.mesh_networks import MeshNetworks

    if source is None or source.networks is None:
        return None
    document = source.networks
    if not isinstance(document.value, Mapping) or "networks" in document.value:
        return _node(document, MeshNetworks, diagnostics)
    findings: list[Diagnostic] = []
    node = _node(Document(document.file, {"networks": document.value}), MeshNetworks, findings)
    diagnostics.extend(replace(finding, origin=Origin(document, finding.origin.path[1:])) for finding in findings)
    return node


def _node(document: Document, model: type[N], diagnostics: list[Diagnostic]) -> N | None:
    from meshcompile.models.lenient import read_leniently
    from meshcompile.models.problems import type_name
    from meshcompile.models.support import limits

    if not isinstance(document.value, Mapping):
        problem = f"expected an object, found {type_name(document.value)}"
        diagnostics.append(INVALID_MESH_CONFIG(Origin(document), problem=problem))
        return None
    node, findings = read_leniently(document, model)
    diagnostics.extend(findings)
    diagnostics.extend(limits(node) if node is not None else ())
    return node
