"""JSON Schema (2020-12) of every kind, for editors: names, types, choices, and docstrings as descriptions."""

import ast
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from itertools import combinations
from typing import Any

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from meshcompile.behaviour import ISTIO_1_30
from meshcompile.json_schema import DIALECT
from meshcompile.models.base import Node, OneOf, json_name
from meshcompile.models.common import Nullable
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.mesh.mesh_networks import MeshNetworks
from meshcompile.models.project import Project
from meshcompile.models.registry import KINDS, Kind
from meshcompile.models.statements import Statements

RELEASE = ISTIO_1_30.release.rpartition(".")[0]


def every_schema() -> Mapping[str, JsonSchemaValue]:
    """The schemas of all kinds and mesh settings, and the index of kinds, by file name."""
    kinds = {file_name(kind): kind_schema(kind) for kind in KINDS}
    mesh = {f"mesh.{model.__name__}.json".lower(): mesh_schema(model) for model in (MeshConfig, MeshNetworks)}
    return kinds | mesh | {"all.json": all_schema()}


def mesh_schema(model: type[Node]) -> JsonSchemaValue:
    """The schema of a mesh setting, which is not an object but a value in the ConfigMap `istio`."""
    schema = model.model_json_schema(schema_generator=_Schema)
    return {"$schema": DIALECT, "$id": identifier("mesh", model.__name__), **schema}


def project_schema() -> JsonSchemaValue:
    """The schema of the configuration file of meshcompile."""
    schema = Project.model_json_schema(schema_generator=_Schema)
    return {"$schema": DIALECT, "$id": "urn:meshcompile:schema:project", **schema, "title": "meshcompile.yaml"}


def statements_schema() -> JsonSchemaValue:
    """The schema of the statements of `meshcompile prove`."""
    schema = Statements.model_json_schema(schema_generator=_Schema)
    return {"$schema": DIALECT, "$id": "urn:meshcompile:schema:prove", **schema, "title": "Statements about a mesh"}


def kind_schema(kind: Kind) -> JsonSchemaValue:
    """The schema of one kind."""
    schema = kind.model.model_json_schema(schema_generator=_Schema)
    head = {"$schema": DIALECT, "$id": identifier(kind.group or "core", kind.name), "title": kind.name}
    schema["properties"] |= {
        "apiVersion": {"enum": list(kind.api_versions), "description": "API group and version."},
        "kind": {"const": kind.name, "description": "Kind of the object."},
    }
    return {**head, **schema, "title": kind.name, "required": ["apiVersion", "kind", "metadata"]}


def all_schema() -> JsonSchemaValue:
    """The schema of any object. It applies the schema of the kind, and accepts unknown kinds as they are.

    It has no `$id`: it refers to the other schemas as files in the same directory.
    """
    return {
        "$schema": DIALECT,
        "title": "Any object that meshcompile reads",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata"],
        "allOf": [
            {"if": _is_kind(kind), "then": {"$ref": file_name(kind)}}
            for kind in sorted(KINDS, key=lambda kind: file_name(kind))
        ],
    }


def identifier(group: str, name: str) -> str:
    """The `$id` of a schema. It is a name, not an address."""
    return f"urn:meshcompile:schema:{RELEASE}:{group}:{name}"


def file_name(kind: Kind) -> str:
    """The file name of a kind's schema. It has the group, because two groups may have a kind with the same name."""
    return f"{kind.group or 'core'}.{kind.name}.json".lower()


def _is_kind(kind: Kind) -> JsonSchemaValue:
    properties = {"apiVersion": {"enum": list(kind.api_versions)}, "kind": {"const": kind.name}}
    return {"properties": properties, "required": ["apiVersion", "kind"]}


class _Schema(GenerateJsonSchema):
    """pydantic's generator with docstrings as descriptions, without the details that editors do not use."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        model: type[BaseModel] = schema["cls"]
        object_schema = super().model_schema(schema)
        object_schema["description"] = inspect.getdoc(model) or ""
        if issubclass(model, OneOf) and (pairs := _exclusive_pairs(model)):
            object_schema["not"] = {"anyOf": [{"required": list(pair)} for pair in pairs]}
        properties = object_schema.get("properties", {})
        for name, description in field_descriptions(model).items():
            field = model.model_fields.get(name)
            if field is not None and field.alias in properties:
                described = _described(properties[field.alias], description)
                properties |= dict.fromkeys(
                    _names(field), _or_null(described) if Nullable in field.metadata else described
                )
        return object_schema

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """The schema of an optional field's value. Null is not part of it."""
        return self.generate_inner(schema["schema"])


def _names(field: FieldInfo) -> tuple[str, ...]:
    """The names under which the API server knows a field. Very few fields have two."""
    match field.validation_alias:
        case AliasChoices(choices=choices):
            return tuple(str(choice) for choice in choices)
        case _:
            return (field.alias or "",)


def _exclusive_pairs(model: type[OneOf]) -> list[tuple[str, ...]]:
    """Pairs of fields that are mutually exclusive."""
    return [tuple(map(json_name, pair)) for group in model.one_of for pair in combinations(group, 2)]


def _described(schema: JsonSchemaValue, description: str) -> JsonSchemaValue:
    """``schema`` with the description of the field, and without a default that only means absent."""
    kept = {key: value for key, value in schema.items() if key != "default" or value}
    return {**kept, "description": description}


def _or_null(schema: JsonSchemaValue) -> JsonSchemaValue:
    description = schema.pop("description")
    return {"anyOf": [schema, {"type": "null"}], "description": description}


@cache
def field_descriptions(model: type[BaseModel]) -> Mapping[str, str]:
    """The docstrings of the fields of a model and its bases, by field name.

    They are read from the source on demand, so that reading objects does not pay for them.
    """
    described: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, Node):
            described |= class_docstrings(base.__module__).get(base.__qualname__, {})
    return described


@cache
def class_docstrings(module: str) -> Mapping[str, Mapping[str, str]]:
    """The docstrings of all fields in a module, by class and field."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: _attribute_docstrings(node) for node in tree.body if isinstance(node, ast.ClassDef)}


def _attribute_docstrings(node: ast.ClassDef) -> Mapping[str, str]:
    docstrings = {}
    for field, below in zip(node.body, node.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                docstrings[name] = inspect.cleandoc(text)
            case _:
                pass
    return docstrings
