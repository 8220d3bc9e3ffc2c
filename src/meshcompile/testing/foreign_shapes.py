"""The shapes of tests of other programs, as fragments of JSON Schema."""

from meshcompile.testing.shape import Shape

TEXT: Shape = {"type": "string"}
TEXTS: Shape = {"type": "array", "items": TEXT}
ANYTHING: Shape = {"type": "object"}
DESTINATION: Shape = {
    "type": "object",
    "additionalProperties": False,
    "required": ["host"],
    "properties": {"host": TEXT, "subset": TEXT, "port": ANYTHING},
}
ROUTE: Shape = {
    "type": "object",
    "required": ["destination"],
    "properties": {"destination": DESTINATION, "weight": {"type": "integer"}},
}
ISTIO_CONFIG_VALIDATOR: Shape = {
    "type": "object",
    "additionalProperties": False,
    "required": ["testCases"],
    "properties": {
        "testCases": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["request"],
                "properties": {
                    "description": TEXT,
                    "wantMatch": {"type": "boolean"},
                    "request": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["authority", "method", "uri"],
                        "properties": {"authority": TEXTS, "method": TEXTS, "uri": TEXTS, "headers": ANYTHING},
                    },
                    "route": {"type": "array", "items": ROUTE},
                    **dict.fromkeys(("redirect", "rewrite", "fault", "headers", "delegate"), ANYTHING),
                },
            },
        }
    },
}
"""Tests of istio-config-validator."""

HEADERS: Shape = {
    "type": "array",
    "items": {"type": "object", "required": ["key"], "properties": {"key": TEXT}},
}
MATCHES: Shape = {
    "type": "array",
    "items": {"type": "object", "required": ["name"], "properties": {"name": TEXT}},
}
ROUTER_CHECK: Shape = {
    "type": "object",
    "additionalProperties": False,
    "required": ["tests"],
    "properties": {
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["test_name", "input", "validate"],
                "properties": {
                    "test_name": TEXT,
                    "input": {
                        "type": "object",
                        "required": ["authority", "path"],
                        "properties": {
                            "authority": TEXT,
                            "path": TEXT,
                            "method": TEXT,
                            "ssl": {"type": "boolean"},
                            "additional_request_headers": HEADERS,
                            "additional_headers": HEADERS,
                        },
                    },
                    "validate": {
                        "type": "object",
                        "properties": {
                            **dict.fromkeys(
                                ("cluster_name", "virtual_host_name", "host_rewrite", "path_rewrite", "path_redirect"),
                                TEXT,
                            ),
                            "request_header_matches": MATCHES,
                            "response_header_matches": MATCHES,
                        },
                    },
                },
            },
        }
    },
}
"""Tests of Envoy's router_check_tool."""
