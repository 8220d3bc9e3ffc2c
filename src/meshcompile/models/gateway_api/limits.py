"""The limits of the Gateway API's schema.

The API server refuses an object beyond the limits. istiod itself reads any object that it receives, with Go's zero
values for what is absent. So the models take such an object too, and `validate` reports it.
"""

from typing import Any

from msgspec import Struct
from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class Limits(Struct, frozen=True):
    """What the schema allows in a field: a length of texts, lists and maps, a range of numbers, a form, some values.

    `required` fields must be present.
    """

    least: int | None = None
    most: int | None = None
    pattern: str = ""
    choices: tuple[str | int, ...] = ()
    required: bool = False

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The limits as keywords of JSON Schema."""
        made = handler(schema)
        made.update({key: value for key, value in self._keywords(made).items() if value})
        return made

    def _keywords(self, made: JsonSchemaValue) -> dict[str, Any]:
        lowest, highest = BOUNDS.get(made.get("type", ""), ("", ""))
        bounds = {lowest: self.least, highest: self.most} if lowest else {}
        return {**bounds, "pattern": self.pattern, "enum": list(self.choices)}


BOUNDS = {
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
    "object": ("minProperties", "maxProperties"),
    "integer": ("minimum", "maximum"),
}
"""The keywords of JSON Schema for the bounds of each type."""

REQUIRED = Limits(required=True)


def items(most: int, least: int | None = None, *, required: bool = False) -> Limits:
    """The limits of the number of items in a list or map."""
    return Limits(least, most, required=required)


def choice(*choices: str | int, required: bool = False) -> Limits:
    """One of some values."""
    return Limits(choices=choices, required=required)
