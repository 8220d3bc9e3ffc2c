"""Every message, field and enum of Istio's API is modelled with its type, according to the API's own list."""

import json
import typing
from collections.abc import Iterator, Mapping
from enum import EnumType
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from meshcompile.models.base import Node, json_name
from meshcompile.models.problems import alternatives, items
from meshcompile.models.registry import KINDS

API = json.loads((Path(__file__).parent / "data" / "istio_api_fields.json").read_text())
MESSAGES: Mapping[str, Mapping[str, str]] = API["messages"]
ENUMS: Mapping[str, Mapping[str, int]] = API["enums"]

PACKAGES = {
    "networking.istio.io": "istio.networking.v1alpha3",
    "security.istio.io": "istio.security.v1beta1",
    "telemetry.istio.io": "istio.telemetry.v1alpha1",
    "extensions.istio.io": "istio.extensions.v1alpha1",
}
OTHER_MESSAGES = {"ProxyConfig": "istio.networking.v1beta1.ProxyConfig"}
MESH = {
    "MeshConfig": ("mesh.mesh_config", "istio.mesh.v1alpha1.MeshConfig"),
    "MeshNetworks": ("mesh.mesh_networks", "istio.mesh.v1alpha1.MeshNetworks"),
}
PYTHON_TYPES = {
    "string": {"str"},
    "bool": {"bool"},
    "int32": {"int"},
    "uint32": {"int"},
    "int64": {"int"},
    "uint64": {"int"},
    "double": {"float"},
    "float": {"float"},
    "bytes": {"bytes"},
    "google.protobuf.Duration": {"Duration"},
    "google.protobuf.BoolValue": {"bool"},
    "google.protobuf.Int32Value": {"int"},
    "google.protobuf.Int64Value": {"int"},
    "google.protobuf.UInt32Value": {"int"},
    "google.protobuf.DoubleValue": {"float"},
    "google.protobuf.StringValue": {"str"},
    "google.protobuf.Timestamp": {"str"},
    "google.protobuf.Struct": {"Mapping"},
}


def roots() -> Iterator[tuple[str, type[Node]]]:
    """The API message of each kind and of the mesh, with the model."""
    for kind in KINDS:
        if kind.group in PACKAGES:
            message = OTHER_MESSAGES.get(kind.name, f"{PACKAGES[kind.group]}.{kind.name}")
            yield message, typing.cast(type[Node], kind.model.model_fields["spec"].annotation)
    for name, (module, message) in MESH.items():
        yield message, getattr(import_module(f"meshcompile.models.{module}"), name)


@pytest.mark.parametrize(("message", "model"), [pytest.param(*root, id=root[0]) for root in roots()])
def test_every_field_of_the_api_is_modelled(message: str, model: type[Node]) -> None:
    """A model has exactly the fields of its message, each with its type, at every level."""
    assert list(differences(message, model, set())) == []


def differences(message: str, model: type[Node], seen: set[str]) -> Iterator[str]:
    if message in seen:
        return
    seen.add(message)
    wanted = MESSAGES[message]
    have = {field.alias: field.annotation for field in model.model_fields.values()}
    names = {json_name(name): kind for name, kind in wanted.items()}
    yield from (f"{message}: {model.__name__} lacks {name}" for name in names if name not in have)
    yield from (f"{message}: {model.__name__} has no field {name}" for name in have if name not in names)
    for name, kind in names.items():
        if name in have:
            yield from type_differences(f"{message}.{name}", kind, have[name], seen)


def type_differences(place: str, kind: str, annotation: Any, seen: set[str]) -> Iterator[str]:
    """The differences in the type of a field, or in the messages below it."""
    found = next(part for part in alternatives(annotation) if part is not type(None))
    if kind.startswith(("repeated ", "map<")):
        item = kind.removeprefix("repeated ").removeprefix("map<").removesuffix(">").rpartition(", ")[2]
        if items(found) is None:
            yield f"{place}: {found} holds no items"
        else:
            yield from type_differences(place, item, items(found), seen)
    elif kind in ENUMS:
        yield from enum_differences(place, ENUMS[kind], found)
    elif kind in MESSAGES:
        if isinstance(found, type) and issubclass(found, Node):
            yield from differences(kind, found, seen)
        else:
            yield f"{place}: {found} is no model of {kind}"
    elif (name := getattr(typing.get_origin(found) or found, "__name__", "")) not in PYTHON_TYPES[kind]:
        yield f"{place}: {name} is not {kind}"


def enum_differences(place: str, wanted: Mapping[str, int], found: Any) -> Iterator[str]:
    """The differences in the names and numbers of an enum."""
    if not isinstance(found, EnumType) or list(found) != list(wanted):
        yield f"{place}: {found} is not {list(wanted)}"
    else:
        yield from (
            f"{place}: {number} is not {name}" for name, number in wanted.items() if by_number(found, number) != name
        )


def by_number(enum: EnumType, number: int) -> str | None:
    try:
        return str(enum(number))
    except ValueError:
        return None
