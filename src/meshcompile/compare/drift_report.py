"""A drift as text and as data, and the JSON Schema of the data."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from meshcompile.compare.drift import Drift, DriftedField, DriftedResource
from meshcompile.compare.resources import ChangeKind
from meshcompile.documents import Origin
from meshcompile.json_schema import DIALECT
from meshcompile.words import counted

LONGEST = 120
"""The number of characters of a value that the text shows."""
SAYS = {
    ChangeKind.ADDED: "is not running",
    ChangeKind.REMOVED: "is not in the files",
    ChangeKind.CHANGED: "differs",
}


def drift_text(drift: Drift) -> str:
    """A paragraph for each resource, with the places of the files behind what they say."""
    lines = (line for each in drift.resources for line in _lines(each))
    return "\n".join((head(drift), *_assumed(drift), *lines)) + "\n"


def head(drift: Drift) -> str:
    """The drift in one line."""
    who = f"{drift.proxy.id} ({drift.file})"
    if drift.is_empty:
        return f"{who} runs what the files say"
    return f"{who} differs from the files in {counted(len(drift.resources), 'resource')}"


def _assumed(drift: Drift) -> Iterator[str]:
    if drift.assumed:
        yield f"(the endpoints of {counted(len(drift.assumed), 'cluster')} are not compared: the files have no Pods)"


def _lines(resource: DriftedResource) -> Iterator[str]:
    yield f"\n{resource.type} {resource.name} {SAYS[resource.change]}"
    if resource.change is not ChangeKind.CHANGED and resource.places:
        yield f"  {places(resource.places)}"
    for field in resource.fields:
        yield f"  {field.pointer}"
        yield f"    running: {shown(field.running)}"
        yield f"    files:   {shown(field.wanted)}{_behind(field)}"


def _behind(field: DriftedField) -> str:
    return f"  ({places(field.places)})" if field.places else ""


def places(origins: Sequence[Origin]) -> str:
    """The places with their fields, in one line."""
    return ", ".join(f"{origin} {origin.field}".rstrip() for origin in origins)


def shown(value: Any) -> str:
    """A value as JSON, cut if it is long; "-" for none."""
    if value is None:
        return "-"
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def drift_data(drift: Drift) -> dict[str, Any]:
    """The data of `schemas/drift.json`."""
    return {
        "proxy": drift.proxy.id,
        "dump": drift.file,
        "drift": [
            {
                "type": resource.type,
                "name": resource.name,
                "change": str(resource.change),
                "places": _place_data(resource.places),
                "fields": [
                    {
                        "pointer": field.pointer,
                        "running": field.running,
                        "wanted": field.wanted,
                        "places": _place_data(field.places),
                    }
                    for field in resource.fields
                ],
            }
            for resource in drift.resources
        ],
        "assumed": list(drift.assumed),
        "diagnostics": [diagnostic.to_dict() for diagnostic in drift.diagnostics],
    }


def _place_data(places: Sequence[Origin]) -> list[dict[str, Any]]:
    return [{"file": each.file, "line": each.line, "column": each.column, "field": each.field} for each in places]


_TEXT = {"type": "string"}
_PLACES = {
    "type": "array",
    "description": "Places of the input that decide it.",
    "items": {
        "type": "object",
        "required": ["file", "line", "column", "field"],
        "properties": {
            "file": _TEXT,
            "line": {"type": "integer", "minimum": 0},
            "column": {"type": "integer", "minimum": 0},
            "field": _TEXT,
        },
    },
}
_FIELD = {
    "pointer": {**_TEXT, "description": "JSON pointer into the resource that the files say."},
    "running": {"description": "Value in the proxy; null if it is not there."},
    "wanted": {"description": "Value that the files say; null if it is not there."},
    "places": _PLACES,
}
_RESOURCE = {
    "type": {"enum": ["listeners", "routes", "clusters", "endpoints", "extensions"]},
    "name": _TEXT,
    "change": {
        "enum": [str(kind) for kind in ChangeKind],
        "description": "What bringing the proxy up to date would do.",
    },
    "places": _PLACES,
    "fields": {"type": "array", "items": {"type": "object", "required": list(_FIELD), "properties": _FIELD}},
}
_DRIFT = {
    "proxy": {**_TEXT, "description": "The proxy, `POD.NAMESPACE`."},
    "dump": {**_TEXT, "description": "File of the config dump, as given."},
    "drift": {
        "type": "array",
        "description": "Resources that differ; empty if the proxy runs what the files say.",
        "items": {"type": "object", "required": list(_RESOURCE), "properties": _RESOURCE},
    },
    "assumed": {
        "type": "array",
        "description": "Clusters whose endpoints are not compared, since the files have no Pods for them.",
        "items": _TEXT,
    },
    "diagnostics": {"type": "array", "description": "Findings about the dump.", "items": {"type": "object"}},
}


def drift_schema() -> Mapping[str, Any]:
    """The schema of a drift."""
    return {
        "$schema": DIALECT,
        "$id": "urn:meshcompile:schema:drift",
        "title": "Drift",
        "description": "The output of `meshcompile drift -o json`: how a running proxy differs from the files.",
        "type": "object",
        "required": list(_DRIFT),
        "properties": _DRIFT,
    }
