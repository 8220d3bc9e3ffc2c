"""Write the table of the fields of Kubernetes' built-in kinds, from the models of the package `kubernetes`.

The table is `src/meshcompile/models/kubernetes/fields.json`. `meshcompile.models.kubernetes.fields` explains its
syntax. The models follow the OpenAPI document of the API server. This module corrects what that document gets wrong or
omits.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import re
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

from kubernetes.client import models
from pydantic import BaseModel

TABLE = Path(__file__).resolve().parent.parent / "src" / "meshcompile" / "models" / "kubernetes" / "fields.json"

SCALARS: Mapping[frozenset[Any], str] = {
    frozenset({str}): "string",
    frozenset({int}): "integer",
    frozenset({float, int}): "number",
    frozenset({bool}): "boolean",
    frozenset({bytes, str}): "base64",
    frozenset({datetime}): "time",
    frozenset({int, str}): "intOrString",
}
"""The type in the table for the alternatives of a field's annotation."""

QUANTITIES = frozenset(
    {
        "CSIStorageCapacity.capacity",
        "CSIStorageCapacity.maximumVolumeSize",
        "CapacityRequestPolicy.default",
        "CapacityRequestPolicy.validValues",
        "CapacityRequestPolicyRange.max",
        "CapacityRequestPolicyRange.min",
        "CapacityRequestPolicyRange.step",
        "CapacityRequirements.requests",
        "Counter.value",
        "DeviceCapacity.value",
        "DeviceRequestAllocationResult.consumedCapacity",
        "EmptyDirVolumeSource.sizeLimit",
        "HPAScalingRules.tolerance",
        "LimitRangeItem.default",
        "LimitRangeItem.defaultRequest",
        "LimitRangeItem.max",
        "LimitRangeItem.maxLimitRequestRatio",
        "LimitRangeItem.min",
        "MetricTarget.averageValue",
        "MetricTarget.value",
        "NodeAllocatableMappedResources.quantity",
        "NodeAllocatableMapping.capacityMultiplier",
        "NodeAllocatableMapping.deviceMultiplier",
        "NodeAllocatableOverhead.perContainer",
        "NodeAllocatableOverhead.perPod",
        "NodeAllocatableOverheadResources.perContainer",
        "NodeAllocatableOverheadResources.perPod",
        "Overhead.podFixed",
        "PersistentVolumeSpec.capacity",
        "PodSpec.overhead",
        "ResourceFieldSelector.divisor",
        "ResourceQuotaSpec.hard",
        "ResourceRequirements.limits",
        "ResourceRequirements.requests",
        "VolumeResourceRequirements.limits",
        "VolumeResourceRequirements.requests",
    }
)
"""Fields that are quantities. The models declare them as strings, but the API server accepts numbers, too."""

NOT_ENFORCED = frozenset(
    {
        "CoreV1Event.metadata",
        "CustomResourceDefinitionVersion.served",
        "CustomResourceDefinitionVersion.storage",
        "HTTPHeader.value",
        "ISCSIPersistentVolumeSource.lun",
        "ISCSIVolumeSource.lun",
        "Sysctl.value",
    }
)
"""Fields that the models require, but that default to zero in the API server."""

ENFORCED = frozenset({"ReplicaSetSpec.template"})
"""Fields that the API server requires, but the models do not."""

NOT_CHECKED = frozenset({"managedFields", "ownerReferences", "status"})
"""Fields that the cluster writes, not the user."""

VERSION_PREFIX = re.compile(r"([A-Z][a-z]+)?V\d+((alpha|beta)\d+)?")
"""The prefix of the kind in the name of a model, such as `V1` or `EventsV1`."""

CREATION = re.compile(
    r"    def create_\w+\(\n(?:(?!\n    def ).)*?\n        body: (?P<model>\w+),\n"
    r".*?\n    def _create_\w+_serialize\(.*?resource_path='(?P<path>[^']+)'",
    re.DOTALL,
)
"""A client method that creates an object: its model, and the path of the API."""

COLLECTION = re.compile(r"/apis?/(?P<api_version>(?:[a-z0-9.]+/)?v\w+)/(?P<namespaced>namespaces/\{namespace\}/)?\w+")
"""The path of all objects of a kind."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail if the table is not up to date")
    wanted = table()
    if parser.parse_args().check:
        current = TABLE.read_text() if TABLE.exists() else ""
        print("" if current == wanted else f"{TABLE} is not up to date: run codegen/generate_kubernetes.py", end="")
        return int(current != wanted)
    TABLE.write_text(wanted)
    return 0


def table() -> str:
    """The text of the table, one line per kind and per type."""
    kinds = dict(sorted(_kinds()))
    types = {name: _line(name) for name in sorted(_closure(kinds.values()))}
    release = f"1.{importlib.metadata.version('kubernetes').partition('.')[0]}"
    return json.dumps({"release": release, "kinds": kinds, "types": types}, indent=0) + "\n"


def _kinds() -> Iterator[tuple[str, str]]:
    """`API_VERSION/KIND` and the model of every kind that the client can create."""
    for module in resources.files("kubernetes.client.api").iterdir():
        if not module.name.endswith("_api.py"):
            continue
        for creation in CREATION.finditer(module.read_text()):
            collection = COLLECTION.fullmatch(creation["path"])
            if collection is not None and creation["model"] in models.__all__:
                kind = VERSION_PREFIX.sub("", creation["model"], count=1)
                yield f"{collection['api_version']}/{kind}", creation["model"]


def _closure(names: Iterable[str]) -> set[str]:
    """The models with these names, and all models that their fields use."""
    found: set[str] = set()
    wanted = list(names)
    while wanted:
        if (name := wanted.pop()) not in found:
            found.add(name)
            elements = (word.strip("[]{}!") for _, word in _fields(name))
            wanted += [element for element in elements if element[0].isupper()]
    return found


def _line(name: str) -> str:
    """The line of a model: its fields, as `NAME:TYPE`."""
    return " ".join(map(":".join, _fields(name)))


def _fields(name: str) -> Iterator[tuple[str, str]]:
    """The fields of a model by name, with their types. `!` marks required fields."""
    model: type[BaseModel] = getattr(models, name)
    by_name = {info.serialization_alias or name: info for name, info in model.model_fields.items()}
    for field, info in sorted(by_name.items()):
        path = f"{VERSION_PREFIX.sub('', name, count=1)}.{field}"
        required = path in ENFORCED or (info.is_required() and not {path, f"{name}.{field}"} & NOT_ENFORCED)
        yield field, ("!" if required else "") + _field_type(info.annotation, path)


def _field_type(annotation: Any, path: str) -> str:
    """The type of a field in the table."""
    if path.rpartition(".")[2] in NOT_CHECKED:
        return "any"
    found = _type(annotation)
    return found.replace("string", "quantity") if path in QUANTITIES else found


def _type(annotation: Any) -> str:
    """The type in the table for an annotation of a model; `any` if the API accepts several shapes."""
    parts = [part for part in _alternatives(annotation) if part is not type(None)]
    if (scalar := SCALARS.get(frozenset(part for part in parts if isinstance(part, type)))) and _plain(parts):
        return scalar
    if len(parts) != 1 or parts[0] is Any:
        return "any"
    (part,) = parts
    if get_origin(part) is list:
        return f"[]{_type(get_args(part)[0])}"
    if get_origin(part) is dict:
        element = _type(get_args(part)[1])
        return "object" if element == "any" or element[0] in "[{" else f"{{}}{element}"
    return "object" if part is object else str(part.__name__)


def _plain(parts: Iterable[Any]) -> bool:
    return all(get_origin(part) is None for part in parts)


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of a union, without annotations."""
    if get_origin(annotation) is Annotated:
        return _alternatives(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(part for alternative in get_args(annotation) for part in _alternatives(alternative))
    return (annotation,)


if __name__ == "__main__":
    sys.exit(main())
