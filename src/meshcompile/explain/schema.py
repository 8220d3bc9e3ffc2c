"""The JSON Schema of `meshcompile explain -o json`."""

from collections.abc import Mapping
from typing import Any

from meshcompile.json_schema import DIALECT

TEXT = {"type": "string"}
NULLABLE = {"type": ["string", "null"]}
LINE: Mapping[str, Any] = {
    "type": "object",
    "required": ["file", "line", "field", "why"],
    "properties": {
        "file": {**TEXT, "description": "File as given."},
        "line": {"type": "integer", "minimum": 0, "description": "Line, from 1; 0 for an object without a file."},
        "field": {**TEXT, "description": "Path of the field: `spec.http[0].match[0].uri.exact`."},
        "why": {**TEXT, "description": "Why the line matters."},
    },
}
LINES = {"type": "array", "items": LINE}
OUTCOME = {
    "status": {
        "type": ["integer", "null"],
        "description": "Status that the sender gets; null for a closed connection.",
    },
    "flags": {**NULLABLE, "description": "Envoy's response flags at `proxy`, `-` for none."},
    "cluster": {**NULLABLE, "description": "Cluster that gets the request, or that does not exist."},
    "proxy": {**NULLABLE, "description": "Proxy that decides."},
    "answered_by": {
        **NULLABLE,
        "description": "Who answers: `NAME.NAMESPACE VERSION`, or a host outside. Null if chance decides among equals.",
    },
    "say": {**TEXT, "description": "The outcome in one sentence."},
}
STEP = {
    "what": {
        **TEXT,
        "description": "Concept of Envoy: listener, filter chain, virtual host, route, cluster, or a filter.",
    },
    "name": {**TEXT, "description": "Name in Envoy's configuration."},
    "decision": TEXT,
    "places": {"type": "array", "items": TEXT, "description": "`FILE:LINE:COLUMN` of what the decision comes from."},
    "near_misses": LINES,
}
HOP = {
    "proxy": TEXT,
    "direction": {"enum": ["outbound", "inbound", "gateway", "waypoint", "ztunnel"]},
    "steps": {"type": "array", "items": {"type": "object", "required": list(STEP), "properties": STEP}},
}
SHARE = {"type": "number", "minimum": 0, "maximum": 100, "description": "Share in percent."}
TRACE = {
    "request": {"type": "object", "description": "The request, as `--request` takes it."},
    "outcome": {"type": "object", "required": list(OUTCOME), "properties": OUTCOME},
    "blame": {**LINES, "description": "Lines to change, the first one first."},
    "near_misses": {**LINES, "description": "Lines that came close, and why they do not apply."},
    "hops": {"type": "array", "items": {"type": "object", "required": list(HOP), "properties": HOP}},
    "outcomes": {
        "type": "array",
        "description": "All outcomes, if there are several by chance.",
        "items": {"type": "object", "required": ["share", *OUTCOME], "properties": {"share": SHARE, **OUTCOME}},
    },
}


def trace_schema() -> Mapping[str, Any]:
    """The schema of a trace."""
    return {
        "$schema": DIALECT,
        "$id": "urn:meshcompile:schema:trace",
        "title": "Trace",
        "description": "The output of `meshcompile explain -o json`: what becomes of a request, and why.",
        "type": "object",
        "required": [name for name in TRACE if name != "outcomes"],
        "properties": TRACE,
    }
