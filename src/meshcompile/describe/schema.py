"""The JSON Schema of `meshcompile describe -o json`."""

from collections.abc import Mapping
from typing import Any

from meshcompile.json_schema import DIALECT

TEXT = {"type": "string"}
PLACE: Mapping[str, Any] = {
    "type": ["object", "null"],
    "required": ["file", "line", "field"],
    "properties": {
        "file": {**TEXT, "description": "File as given."},
        "line": {"type": "integer", "minimum": 0, "description": "Line, from 1; 0 for an object without a file."},
        "field": {**TEXT, "description": "Path of the field; empty for a whole object."},
    },
    "description": "Place in the input; null for what no line says.",
}
FACT = {
    "say": {**TEXT, "description": "What holds, in words."},
    "place": PLACE,
    "problem": {"type": "boolean", "description": "Whether it is likely not meant."},
    "details": {"type": "array", "items": {"$ref": "#/$defs/fact"}},
}
SECTION = {
    "title": {**TEXT, "description": "Concern: `mutual TLS`, `hosts`, `rules`, `proxies`, ..."},
    "facts": {"type": "array", "items": {"$ref": "#/$defs/fact"}},
}
DESCRIPTION = {
    "kind": {**TEXT, "description": "Kind of the object; `Proxy` for a proxy."},
    "name": {**TEXT, "description": "Name of the object, or of the proxy's workload."},
    "namespace": TEXT,
    "place": PLACE,
    "sections": {"type": "array", "items": {"type": "object", "required": list(SECTION), "properties": SECTION}},
}


def describe_schema() -> Mapping[str, Any]:
    """The schema of a description."""
    return {
        "$schema": DIALECT,
        "$id": "urn:meshcompile:schema:describe",
        "title": "Description",
        "description": "The output of `meshcompile describe -o json`: what an object or a proxy is in its mesh.",
        "type": "object",
        "required": list(DESCRIPTION),
        "properties": DESCRIPTION,
        "$defs": {"fact": {"type": "object", "required": list(FACT), "properties": FACT}},
    }
