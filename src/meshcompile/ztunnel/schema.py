"""The JSON Schema of `meshcompile ztunnel -o json`, made from the messages."""

from typing import Any

import msgspec

from meshcompile.envoy.workload import WorkloadApiAddress
from meshcompile.envoy.workload_security import Authorization
from meshcompile.json_schema import DIALECT

Schema = dict[str, Any]

PLACE: Schema = {
    "type": "object",
    "description": "The place that the message comes from.",
    "required": ["file", "line", "column", "field"],
    "additionalProperties": False,
    "properties": {
        "file": {"type": "string", "description": "Name of the file as given."},
        "line": {"type": "integer", "minimum": 0, "description": "Line, from 1. 0 if the input is not a text."},
        "column": {"type": "integer", "minimum": 0, "description": "Column, from 1. 0 if the input is not a text."},
        "field": {"type": "string", "description": "Path of the field. Empty for a whole object."},
    },
}


def ztunnel_schema() -> Schema:
    """The schema of both lists of resources."""
    messages = (WorkloadApiAddress, Authorization)
    (address, authorization), definitions = msgspec.json.schema_components(messages, ref_template="#/$defs/{name}")
    schema = {
        "$schema": DIALECT,
        "$id": "urn:meshcompile:schema:ztunnel",
        "title": "Ztunnel",
        "description": "The output of `meshcompile ztunnel -o json`: resources of the workload API, sorted by name.",
        "type": "object",
        "required": ["addresses", "authorizations"],
        "additionalProperties": False,
        "properties": {"addresses": _resources(address), "authorizations": _resources(authorization)},
        "$defs": {name: definitions[name] for name in sorted(definitions)},
    }
    plain: Schema = msgspec.json.decode(msgspec.json.encode(schema))  # without tuples
    return plain


def _resources(message: Schema) -> Schema:
    return {"type": "array", "items": _resource(message)}


def _resource(message: Schema) -> Schema:
    return {
        "type": "object",
        "required": ["name", "resource", "origin"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "description": "Name of the resource in xDS."},
            "resource": message,
            "origin": PLACE,
        },
    }
