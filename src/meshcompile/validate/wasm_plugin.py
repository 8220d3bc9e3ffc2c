"""Rules of WasmPlugins: istiod's `ValidateWasmPlugin`."""

from meshcompile.models.extensions.wasm_plugin import WasmPlugin
from meshcompile.validate.checks import Found, attachment
from meshcompile.validate.wasm import matches, module


def violations(plugin: WasmPlugin) -> Found:
    """Findings about a WasmPlugin."""
    yield from attachment(plugin.spec, "selector", "target_ref", "target_refs")
    yield from module(plugin.spec)
    yield from matches(plugin.spec.match)
