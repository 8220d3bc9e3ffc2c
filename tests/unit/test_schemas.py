"""The JSON Schemas in schemas/ are up to date, valid, described, and as tolerant as the API server."""

import json
from pathlib import Path
from typing import Any

import generate_schemas
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from meshcompile.models.registry import KINDS, find
from meshcompile.models.schema import file_name

FOLDER = Path(__file__).parents[2] / "schemas"
SCHEMAS = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
REGISTRY: Registry[Any] = Registry().with_resources(
    (name, Resource.from_contents(schema)) for name, schema in SCHEMAS.items()
)


def test_the_committed_schemas_are_those_of_the_models() -> None:
    """Generating the schemas again changes nothing."""
    assert generate_schemas.schemas() == SCHEMAS


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_valid(name: str) -> None:
    """A schema conforms to draft 2020-12 and has a description."""
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"]


def test_each_schema_has_a_name_of_its_own() -> None:
    """The `$id` has release, group and kind. Only the index, which refers to neighbouring files, has none."""
    names = {name: schema.get("$id") for name, schema in SCHEMAS.items()}
    assert names.pop("all.json") is None
    assert names["networking.istio.io.gateway.json"] == "urn:meshcompile:schema:1.30:networking.istio.io:Gateway"
    assert names["core.service.json"] == "urn:meshcompile:schema:1.30:core:Service"
    assert len(set(names.values())) == len(names)


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.group.endswith(".istio.io")], ids=lambda kind: kind.name
)
def test_every_field_is_described(kind: Any) -> None:
    """Each property of an Istio kind has a description, or is an object with one."""
    schema = SCHEMAS[file_name(kind)]
    definitions = {kind.name: schema, **schema["$defs"]}
    bare = [
        f"{name}.{field}"
        for name, definition in definitions.items()
        for field, described in definition.get("properties", {}).items()
        if not described.get("description") and "$ref" not in described
    ]
    assert bare == []


GATEWAY = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "Gateway",
    "metadata": {"name": "web"},
    "spec": {"servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}]},
}


def test_a_schema_finds_what_an_editor_should_underline() -> None:
    """A misspelled field, a quoted number and an unknown choice are each an error at their position."""
    schema = SCHEMAS[file_name(found)] if (found := find("networking.istio.io/v1", "Gateway")) else {}
    wrong = {
        **GATEWAY,
        "spec": {"servers": [{"port": {"number": "80"}, "host": ["*"], "tls": {"mode": "SOMETIMES"}}]},
    }
    problems = {(*error.absolute_path, error.validator) for error in Draft202012Validator(schema).iter_errors(wrong)}
    assert problems == {
        ("spec", "servers", 0, "required"),
        ("spec", "servers", 0, "port", "required"),
        ("spec", "servers", 0, "additionalProperties"),
        ("spec", "servers", 0, "port", "number", "type"),
        ("spec", "servers", 0, "tls", "mode", "enum"),
    }


def test_the_index_picks_the_schema_by_kind() -> None:
    """all.json checks an object with the schema of its kind, and accepts unknown kinds."""
    validator = Draft202012Validator(SCHEMAS["all.json"], registry=REGISTRY)
    assert validator.is_valid(GATEWAY)
    assert not validator.is_valid({**GATEWAY, "spec": {"server": []}})
    assert validator.is_valid({"apiVersion": "example.io/v1", "kind": "Anything", "metadata": {}, "spec": {"a": 1}})
