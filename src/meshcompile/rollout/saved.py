"""Saved plans: a reviewed plan is tied to what is applied."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from meshcompile.errors import InvalidArgument
from meshcompile.mesh import Mesh
from meshcompile.rollout.data import plan_data
from meshcompile.rollout.plan import Plan

PARTS: Mapping[str, str] = {
    "diff": "the change of behaviour or of resources",
    "fleet": "the proxies that get something new",
    "drains": "the connections that close",
    "order": "the steps",
}
"""The parts of a plan that must be the same, and what they say."""


def saved(plan: Plan, before: Mesh, after: Mesh) -> dict[str, Any]:
    """A plan with the fingerprints of its inputs."""
    inputs = {"old": fingerprint(before), "new": fingerprint(after)}
    return json.loads(json.dumps({**plan_data(plan), "inputs": inputs}, default=str))  # type: ignore[no-any-return]


def fingerprint(mesh: Mesh) -> str:
    """A fingerprint of the objects of a mesh and of its settings. Order, comments and files do not matter."""
    objects = sorted(_text(each.origin.document.value, each.namespace) for each in mesh.objects)
    layers = [repr(each) for each in (*mesh.settings.mesh_layers, *mesh.settings.network_layers)]
    asked = repr((mesh.behaviour, mesh.ambient, mesh.namespace))
    return hashlib.sha256("\n".join((asked, *layers, *objects)).encode()).hexdigest()


def _text(value: Any, namespace: str) -> str:
    return json.dumps([namespace, value], sort_keys=True, default=str)


def read(text: str, file: str) -> dict[str, Any]:
    """A saved plan. Raises InvalidArgument if a text is none."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise InvalidArgument(f"{file}: not a saved plan: {error}") from None
    if not isinstance(data, dict) or not isinstance(data.get("inputs"), dict):
        raise InvalidArgument(f"{file}: not a saved plan: expected the file that `meshcompile plan --save` writes")
    return data


def deviations(reviewed: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """How a plan differs from a reviewed one. Nothing: it is the same."""
    for side in ("old", "new"):
        if reviewed["inputs"].get(side) != now["inputs"][side]:
            yield f"{side.upper()} is not the input that was reviewed"
    for part, what in PARTS.items():
        if _without_places(reviewed.get(part)) != _without_places(now[part]):
            yield f"the plan differs: {what}"


def _without_places(data: Any) -> Any:
    """Data without places, which depend on where the files are."""
    if isinstance(data, dict):
        return {key: _without_places(value) for key, value in data.items() if key not in ("lines", "place")}
    return [_without_places(item) for item in data] if isinstance(data, list) else data
