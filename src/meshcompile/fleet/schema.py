"""The JSON Schema of `meshcompile fleet -o json`."""

from __future__ import annotations

from typing import Any

from meshcompile.encoded import RESOURCE_TYPES
from meshcompile.json_schema import DIALECT
from meshcompile.proxy import ProxyType

TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0, "description": "Number of resources."}
BYTES = {"type": "integer", "minimum": 0, "description": "Bytes of the resources as JSON without spaces."}
FINGERPRINT = {
    "type": "string",
    "pattern": "^[0-9a-f]{64}$",
    "description": "Equal for equal resources, in every run and on every machine.",
}
TYPE = {
    "type": "object",
    "required": ["resources", "bytes", "fingerprint"],
    "properties": {"resources": COUNT, "bytes": BYTES, "fingerprint": FINGERPRINT},
}
PROXY = {
    "name": {**TEXT, "description": "Name of the proxy: `POD.NAMESPACE`."},
    "type": {"enum": [str(each) for each in ProxyType], "description": "Type of the proxy."},
    "namespace": {**TEXT, "description": "Namespace of the proxy."},
    "cluster": {**TEXT, "description": "Cluster of the proxy."},
    "resources": COUNT,
    "bytes": BYTES,
    "fingerprint": FINGERPRINT,
    "types": {
        "type": "object",
        "required": list(RESOURCE_TYPES),
        "properties": dict.fromkeys(RESOURCE_TYPES, TYPE),
        "description": "Number, size and fingerprint of each type of resource.",
    },
}


def fleet_schema() -> dict[str, Any]:
    """The schema of the list of proxies."""
    return {
        "$schema": DIALECT,
        "$id": "urn:meshcompile:schema:fleet",
        "title": "Fleet",
        "description": "The output of `meshcompile fleet -o json`: one entry per proxy, by namespace and name.",
        "type": "array",
        "items": {
            "type": "object",
            "required": list(PROXY),
            "properties": PROXY,
        },
    }
