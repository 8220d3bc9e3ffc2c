"""TrafficExtensions and WasmPlugins by namespace. A WasmPlugin is converted to an equivalent TrafficExtension.

Follows istiod's `translateWasmPlugin` and `convertToTrafficExtensionWrapper`.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import TypeAlias

from msgspec import Struct

from meshcompile.behaviour import Behaviour
from meshcompile.documents import Origin
from meshcompile.models.base import Resource
from meshcompile.models.extensions.traffic_extension import (
    ExecutionPhase,
    LuaConfig,
    TrafficExtension,
    TrafficExtensionSpec,
    WasmConfig,
)
from meshcompile.models.extensions.wasm_plugin import PluginPhase, WasmPlugin, WasmPluginSpec
from meshcompile.snapshot.resources import ConfigStore, by_name, by_namespace, oldest_first

# Appended to a WasmPlugin's name, so that it cannot collide with a TrafficExtension of the same name.
WASM_PLUGIN_SUFFIX = "~istio-translated-wasmplugin"
TRAFFIC_EXTENSION = "extensions.istio.io/trafficextension/"
WASM_PLUGIN = "extensions.istio.io/wasmplugin/"
LONGEST_SCRIPT = 64 * 1024  # bytes

WasmModule: TypeAlias = WasmConfig | WasmPluginSpec
"""A Wasm module. Both kinds describe it with the same fields."""


class Extension(Struct, frozen=True):
    """A Wasm module or a Lua script in a filter chain.

    `spec` holds its targets, its listeners and its position.
    """

    name: str
    namespace: str
    resource_version: str
    spec: TrafficExtensionSpec | WasmPluginSpec
    code: WasmModule | LuaConfig
    origin: Origin

    @property
    def phase(self) -> ExecutionPhase:
        """The position in the filter chain."""
        return _PHASES.get(self.spec.phase, ExecutionPhase.UNSPECIFIED)

    @property
    def priority(self) -> float:
        """The order within a phase, highest first. Without a priority, it comes after all others."""
        return float("-inf") if self.spec.priority is None else self.spec.priority


_PHASES: Mapping[str, ExecutionPhase] = {
    **{phase.value: phase for phase in ExecutionPhase},
    PluginPhase.UNSPECIFIED_PHASE.value: ExecutionPhase.UNSPECIFIED,
}


class ExtensionIndex(Struct, frozen=True, eq=False, dict=True):
    """Extensions by namespace, oldest first. The names of their filters begin with `prefix`."""

    prefix: str
    by_namespace: Mapping[str, tuple[Extension, ...]]

    def named(self, namespace: str, name: str) -> Extension | None:
        """The extension with a name. The name of a WasmPlugin includes its suffix."""
        return self._by_name.get((namespace, name))

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], Extension]:
        return by_name(self.by_namespace)


def extension_index(resources: ConfigStore, behaviour: Behaviour) -> ExtensionIndex:
    """The index of the accepted resources."""
    extensions = (_of_traffic_extension(resource) for resource in resources.all(TrafficExtension))
    suffix = WASM_PLUGIN_SUFFIX if behaviour.traffic_extensions else ""
    plugins = (_of_wasm_plugin(resource, suffix) for resource in resources.all(WasmPlugin))
    ordered = [
        (_oldest_first(resource, extension), extension)
        for resource, extension in (*extensions, *plugins)
        if extension is not None
    ]
    return ExtensionIndex(
        _prefix(behaviour), by_namespace(extension for _, extension in sorted(ordered, key=lambda f: f[0]))
    )


def _prefix(behaviour: Behaviour) -> str:
    return TRAFFIC_EXTENSION if behaviour.traffic_extensions else WASM_PLUGIN


def _oldest_first(resource: Resource, extension: Extension) -> tuple[str, str, str]:
    created, _, namespace = oldest_first(resource)
    return (created, extension.name, namespace)


def _of_traffic_extension(resource: TrafficExtension) -> tuple[Resource, Extension | None]:
    spec = resource.spec
    code = spec.lua if spec.wasm is None else spec.wasm
    return resource, None if code is None or not _usable(code) else _extension(resource, resource.name, spec, code)


def _of_wasm_plugin(resource: WasmPlugin, suffix: str) -> tuple[Resource, Extension | None]:
    spec = resource.spec
    name = f"{resource.name}{suffix}"
    return resource, _extension(resource, name, spec, spec) if _usable(spec) else None


def _usable(code: WasmModule | LuaConfig) -> bool:
    """Whether a module has a URL, or a script has a length that Istio accepts."""
    if isinstance(code, LuaConfig):
        return 0 < len(code.inline_code.encode()) <= LONGEST_SCRIPT
    return bool(code.url)


def _extension(
    resource: Resource, name: str, spec: TrafficExtensionSpec | WasmPluginSpec, code: WasmModule | LuaConfig
) -> Extension:
    metadata = resource.metadata
    return Extension(name, metadata.namespace, metadata.resource_version, spec, code, resource.origin)
