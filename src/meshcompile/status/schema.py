"""The JSON Schema of `meshcompile status -o json`."""

from __future__ import annotations

from typing import Any

from meshcompile.json_schema import DIALECT

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}


def _object(properties: Schema, required: tuple[str, ...]) -> Schema:
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


ORIGIN = {
    **_object(
        {
            "file": {**TEXT, "description": "Name of the file as given."},
            "line": {**COUNT, "description": "Line, from 1. 0 if the input is not a text."},
            "column": {**COUNT, "description": "Column, from 1. 0 if the input is not a text."},
            "field": {**TEXT, "description": "Path of the field. Empty for a whole object."},
        },
        ("file", "line", "column", "field"),
    ),
    "description": "The place that this is about.",
}
CONDITION = _object(
    {
        "type": {**TEXT, "description": "Type of the condition, such as `Accepted`."},
        "status": {"enum": ["True", "False"], "description": "Whether the condition holds."},
        "reason": {**TEXT, "description": "Reason in one word."},
        "message": {**TEXT, "description": "Reason in a sentence."},
        "origin": ORIGIN,
    },
    ("type", "status", "reason", "message", "origin"),
)
CONDITIONS = _list(CONDITION)
REFERENCE = _object(
    {
        **dict.fromkeys(("group", "kind", "name", "namespace", "sectionName"), TEXT),
        "port": COUNT,
    },
    ("group", "kind", "name"),
)
LISTENER = _object(
    {
        "name": {**TEXT, "description": "Name of the listener."},
        "attachedRoutes": {**COUNT, "description": "Number of routes that the listener accepts."},
        "supportedKinds": _list(_object({"group": TEXT, "kind": TEXT}, ("group", "kind"))),
        "conditions": CONDITIONS,
    },
    ("name", "attachedRoutes", "supportedKinds", "conditions"),
)


def _entry(reference: str) -> Schema:
    properties = {reference: REFERENCE, "controllerName": TEXT, "conditions": CONDITIONS}
    return _object(properties, tuple(properties))


STATUS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "conditions": {**CONDITIONS, "description": "Of GatewayClasses, Gateways and ListenerSets."},
        "addresses": {
            **_list(_object({"type": TEXT, "value": TEXT}, ("type", "value"))),
            "description": "Addresses of a Gateway.",
        },
        "attachedListenerSets": {**COUNT, "description": "Number of ListenerSets on a Gateway."},
        "listeners": {**_list(LISTENER), "description": "Of Gateways and ListenerSets."},
        "parents": {**_list(_entry("parentRef")), "description": "Of routes: one per parent that Istio serves."},
        "ancestors": {**_list(_entry("ancestorRef")), "description": "Of policies: one per target and Gateway."},
    },
}
OBJECT = _object(
    {
        "apiVersion": TEXT,
        "kind": TEXT,
        "metadata": _object({"name": TEXT, "namespace": TEXT}, ("name",)),
        "origin": ORIGIN,
        "status": STATUS,
    },
    ("apiVersion", "kind", "metadata", "origin", "status"),
)


def status_schema() -> Schema:
    """The schema of the list of objects."""
    return {
        "$schema": DIALECT,
        "$id": "urn:meshcompile:schema:status",
        "title": "Statuses",
        "description": "The output of `meshcompile status -o json`: one entry per object, by kind, namespace and name.",
        **_list(OBJECT),
    }
