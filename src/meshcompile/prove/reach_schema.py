"""The JSON Schema of `meshcompile reach -o json`."""

from collections.abc import Mapping
from typing import Any

from meshcompile.json_schema import DIALECT, TEXT, TEXTS

CONDITION = {
    "type": "object",
    "required": ["on"],
    "properties": {
        "on": {
            **TEXT,
            "description": "`path`, `method`, `host`, `port`, `principal`, `header NAME`, `claim NAME`, ...",
        },
        "values": {
            **TEXTS,
            "description": "What it must be, one of these: `*` for any text, `regex:` for an expression.",
        },
        "not": {**TEXTS, "description": "What it must not be."},
    },
    "additionalProperties": False,
}
ANY_OF = {
    "type": "array",
    "description": "Alternatives, each with conditions that must all be met. `[[]]` is for no condition.",
    "items": {"type": "array", "items": CONDITION},
}
LINES = {**TEXTS, "description": "`FILE:LINE` of the policies and routes that decide."}
EXCEPTION = {"rule": TEXT, "any_of": ANY_OF, "lines": LINES}
ROW = {
    "to": {**TEXT, "description": "Workload that the requests arrive at."},
    "port": {"type": "integer", "description": "Port of the service."},
    "via": {
        "type": ["string", "null"],
        "description": "Gateway of requests from outside, or waypoint.",
    },
    "callers": {**TEXTS, "description": "Known workloads that can send such requests, or `outside`."},
    "connections": {"type": "array", "items": {"enum": ["TLS", "plain text"]}},
    "rule": {"type": ["string", "null"], "description": "Rule or route that lets the requests through."},
    "policies": {**TEXTS, "description": "Rules of policies that let the requests through, that of a gateway first."},
    "any_of": ANY_OF,
    "unless": {
        "type": "array",
        "description": "Rules that refuse some of the requests.",
        "items": {"type": "object", "required": list(EXCEPTION), "properties": EXCEPTION},
    },
    "witness": {"type": ["object", "null"], "description": "One of the requests, for `meshcompile explain --request`."},
    "lines": LINES,
    "reason": {"type": ["string", "null"], "description": "Why no request is known that arrives."},
}
REACH = {
    "service": {**TEXT, "description": "Host of the service."},
    "rows": {"type": "array", "items": {"type": "object", "required": list(ROW), "properties": ROW}},
    "unknown": {**TEXTS, "description": "What could not be decided, and why."},
}


def reach_schema() -> Mapping[str, Any]:
    """The JSON Schema of who can call a service."""
    return {
        "$schema": DIALECT,
        "$id": "urn:meshcompile:schema:reach",
        "title": "Reach",
        "description": "The output of `meshcompile reach -o json`: who can call a service, and how.",
        "type": "object",
        "required": list(REACH),
        "properties": REACH,
    }
