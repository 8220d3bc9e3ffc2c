"""The settings of a mesh: Istio's installed defaults, over them a ConfigMap `istio`, over that what the caller says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any, TypeVar, cast

from meshcompile.codes.mesh import INVALID_MESH_CONFIG
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Node, Resource
from meshcompile.source import Document
from meshcompile.source.reading import UnreadableInput
from meshcompile.source.reading import read as read_inputs

if TYPE_CHECKING:  # imported when the settings are written or asked for: checking other objects needs neither
    from meshcompile.models.kubernetes.config_map import ConfigMap
    from meshcompile.models.mesh.mesh_config import MeshConfig
    from meshcompile.models.mesh.mesh_networks import MeshNetworks

N = TypeVar("N", bound=Node)

ROOT_NAMESPACE = "istio-system"
"""Where the ConfigMap is: Istio's root namespace, as it is installed."""


@dataclass(frozen=True)
class MeshSettings:
    """The mesh config and the networks that were written, the weakest first, and what was wrong with them."""

    mesh_layers: tuple[MeshConfig, ...] = ()
    network_layers: tuple[MeshNetworks, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @cached_property
    def mesh(self) -> MeshConfig:
        """The mesh config that holds."""
        from meshcompile.models.mesh.defaults import INSTALLED_DEFAULTS
        from meshcompile.models.mesh.merge import merged_mesh_config

        return reduce(merged_mesh_config, self.mesh_layers, INSTALLED_DEFAULTS)

    @cached_property
    def networks(self) -> MeshNetworks:
        """The networks that hold."""
        from meshcompile.models.mesh.mesh_networks import MeshNetworks

        return self.network_layers[-1] if self.network_layers else MeshNetworks()


def mesh_settings(
    resources: Iterable[Resource],
    mesh_config: Mapping[str, Any] | MeshConfig | None = None,
    networks: Mapping[str, Any] | MeshNetworks | None = None,
) -> MeshSettings:
    """The settings that hold. One that cannot be read counts for nothing, and a diagnostic says what is wrong."""
    config_map = _config_map(resources)
    if config_map is None and mesh_config is None and networks is None:
        return MeshSettings()
    return _written(config_map, mesh_config, networks)


def _written(
    config_map: ConfigMap | None,
    mesh_config: Mapping[str, Any] | MeshConfig | None,
    networks: Mapping[str, Any] | MeshNetworks | None,
) -> MeshSettings:
    from meshcompile.models.mesh.mesh_config import MeshConfig
    from meshcompile.models.mesh.mesh_networks import MeshNetworks

    diagnostics: list[Diagnostic] = []
    mesh_layers = (
        _of_config_map(config_map, "mesh", MeshConfig, diagnostics),
        _given(mesh_config, MeshConfig, "<mesh config>", diagnostics),
    )
    network_layers = (
        _of_config_map(config_map, "meshNetworks", MeshNetworks, diagnostics),
        _given(_wrapped(networks), MeshNetworks, "<mesh networks>", diagnostics),
    )
    return MeshSettings(
        tuple(layer for layer in mesh_layers if layer),
        tuple(layer for layer in network_layers if layer),
        tuple(diagnostics),
    )


def _wrapped(networks: Mapping[str, Any] | MeshNetworks | None) -> Mapping[str, Any] | MeshNetworks | None:
    """The whole message, of which callers may give only the field `networks`."""
    return {"networks": networks} if isinstance(networks, Mapping) and "networks" not in networks else networks


def _config_map(resources: Iterable[Resource]) -> ConfigMap | None:
    """The ConfigMap that holds the settings."""
    wanted = ("ConfigMap", ROOT_NAMESPACE, "istio")
    found = next((r for r in resources if (r.kind, r.namespace, r.name) == wanted), None)
    return cast("ConfigMap | None", found)  # the one kind of that name; its class may not be imported


def _of_config_map(config_map: ConfigMap | None, key: str, model: type[N], diagnostics: list[Diagnostic]) -> N | None:
    """The message that a key of the ConfigMap holds as YAML text."""
    text = config_map.data.get(key, "") if config_map else ""
    if config_map is None or not text.strip():
        return None
    try:
        documents = read_inputs(f"\n{text}").documents
    except UnreadableInput as unreadable:
        where = config_map.at("data", key)
        diagnostics.extend(INVALID_MESH_CONFIG(where, problem=d.message) for d in unreadable.diagnostics)
        return None
    file = f"{config_map.origin.file}:data.{key}"
    return _node(Document(file, documents[0].value), model, diagnostics) if documents else None


def _node(document: Document, model: type[N], diagnostics: list[Diagnostic]) -> N | None:
    from meshcompile.models.lenient import read_leniently
    from meshcompile.models.support import limits

    node, found = read_leniently(document, model)
    diagnostics.extend(found)
    diagnostics.extend(limits(node) if node is not None else ())
    return node


def _given(given: object, model: type[N], file: str, diagnostics: list[Diagnostic]) -> N | None:
    return given if given is None or isinstance(given, model) else _node(Document(file, given), model, diagnostics)
