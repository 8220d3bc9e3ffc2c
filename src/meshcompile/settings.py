"""The settings of a mesh: Istio's installed defaults, over them a ConfigMap `istio`, over that what the caller says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeVar

from meshcompile.codes.mesh import INVALID_MESH_CONFIG
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Node, Resource
from meshcompile.models.kubernetes.config_map import ConfigMap
from meshcompile.models.lenient import read_leniently
from meshcompile.models.mesh.defaults import INSTALLED_DEFAULTS
from meshcompile.models.mesh.merge import merged_mesh_config
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.mesh.mesh_networks import MeshNetworks
from meshcompile.models.support import limits
from meshcompile.source import Document
from meshcompile.source.reading import UnreadableInput
from meshcompile.source.reading import read as read_inputs

N = TypeVar("N", bound=Node)


@dataclass(frozen=True, slots=True)
class MeshSettings:
    """The mesh config and the networks that hold, and what was wrong with those that were written."""

    mesh: MeshConfig
    networks: MeshNetworks
    diagnostics: tuple[Diagnostic, ...] = ()


def mesh_settings(
    resources: Iterable[Resource],
    mesh_config: Mapping[str, Any] | MeshConfig | None = None,
    networks: Mapping[str, Any] | MeshNetworks | None = None,
) -> MeshSettings:
    """The settings that hold. One that cannot be read counts for nothing, and a diagnostic says what is wrong."""
    diagnostics: list[Diagnostic] = []
    config_map = next((r for r in resources if isinstance(r, ConfigMap) and _holds_settings(r)), None)
    mesh_layers = (
        _of_config_map(config_map, "mesh", MeshConfig, diagnostics),
        _given(mesh_config, MeshConfig, "<mesh config>", diagnostics),
    )
    network_layers = (
        _of_config_map(config_map, "meshNetworks", MeshNetworks, diagnostics),
        _given(_wrapped(networks), MeshNetworks, "<mesh networks>", diagnostics),
    )
    return MeshSettings(
        reduce(merged_mesh_config, (layer for layer in mesh_layers if layer), INSTALLED_DEFAULTS),
        next((layer for layer in reversed(network_layers) if layer), MeshNetworks()),
        tuple(diagnostics),
    )


def _wrapped(networks: Mapping[str, Any] | MeshNetworks | None) -> Mapping[str, Any] | MeshNetworks | None:
    """The whole message, of which callers may give only the field `networks`."""
    return {"networks": networks} if isinstance(networks, Mapping) and "networks" not in networks else networks


def _holds_settings(config_map: ConfigMap) -> bool:
    return (config_map.namespace, config_map.name) == (INSTALLED_DEFAULTS.root_namespace, "istio")


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
    node, found = read_leniently(document, model)
    diagnostics.extend(found)
    diagnostics.extend(limits(node) if node is not None else ())
    return node


def _given(given: object, model: type[N], file: str, diagnostics: list[Diagnostic]) -> N | None:
    return given if given is None or isinstance(given, model) else _node(Document(file, given), model, diagnostics)
