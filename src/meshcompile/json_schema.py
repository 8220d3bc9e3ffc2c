"""The words of JSON Schemas that the schemas of several outputs share."""

from collections.abc import Mapping
from typing import Any

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TEXT: Mapping[str, Any] = {"type": "string"}
TEXTS: Mapping[str, Any] = {"type": "array", "items": TEXT}
COUNT: Mapping[str, Any] = {"type": "integer", "minimum": 0}


def object_of(properties: Mapping[str, Any], description: str = "", optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """An object with these properties, which are required unless they are optional."""
    described = {"description": description} if description else {}
    required = [name for name in properties if name not in optional]
    return {"type": "object", **described, "required": required, "properties": dict(properties)}


def list_of(items: Mapping[str, Any], description: str = "") -> dict[str, Any]:
    """A list of such items."""
    return {"type": "array", **({"description": description} if description else {}), "items": dict(items)}
