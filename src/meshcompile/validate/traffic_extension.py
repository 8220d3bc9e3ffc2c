"""Rules of TrafficExtensions: istiod's `ValidateTrafficExtension`. The schema has the rules of Lua."""

from meshcompile.codes import validation as codes
from meshcompile.models.extensions.traffic_extension import LuaConfig, TrafficExtension
from meshcompile.validate.checks import Found, attachment
from meshcompile.validate.wasm import matches, module

LARGEST_LUA = 65536


def violations(extension: TrafficExtension) -> Found:
    """Findings about a TrafficExtension."""
    spec = extension.spec
    yield from attachment(spec, "selector", "target_refs")
    if spec.wasm is None and spec.lua is None:
        yield codes.MISSING(spec.at("wasm"), field="wasm", reason=", and so is `lua`")
    if spec.lua is not None:
        yield from _lua(spec.lua)
    if spec.wasm is not None:
        yield from module(spec.wasm)
    yield from matches(spec.match)


def _lua(lua: LuaConfig) -> Found:
    size = len(lua.inline_code.encode())
    if size > LARGEST_LUA:
        yield codes.OUT_OF_BOUNDS(
            lua.at("inline_code"), field="inlineCode", value=f"{size} bytes long", expected=f"at most {LARGEST_LUA}"
        )
