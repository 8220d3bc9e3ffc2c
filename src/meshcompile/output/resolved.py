"""The resolved configuration of a proxy as plain data, with origins. One rule applies to all values.

A value is an object of its fields, without empty and default fields. `kind` distinguishes classes that may stand in one
field, and `from` has the origins. A value with a name, such as a service, is represented by its name. Settings that
connections share appear once, under `traits`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

import msgspec

from meshcompile.documents import Origin
from meshcompile.models.base import Node, Resource
from meshcompile.resolve.clusters.ir import Clusters
from meshcompile.resolve.endpoints.endpoint_builder import Upstream
from meshcompile.resolve.envoy_filters import Patch
from meshcompile.resolve.listeners.http_connection import HttpTraits
from meshcompile.resolve.listeners.proxy_listeners import Listeners
from meshcompile.resolve.listeners.tcp_connection import TcpTraits
from meshcompile.resolve.resolved import Resolved
from meshcompile.resolve.skipped import Skipped
from meshcompile.snapshot.destination_rules import MergedDestinationRule
from meshcompile.snapshot.extensions import Extension
from meshcompile.snapshot.service import Service, ServicePort
from meshcompile.values.durations import Duration
from meshcompile.values.localities import Locality
from meshcompile.values.names import ClusterName

Json: TypeAlias = "Mapping[str, Json] | list[Json] | str | float | bool | None"

# Classes that are represented by a name, and the function for the name.
NAMES: Mapping[type, Callable[[Any], str]] = {
    Service: lambda service: f"{service.namespace}/{service.hostname}",
    ServicePort: lambda port: f"{port.number} {port.name}".rstrip(),
    MergedDestinationRule: lambda rule: f"{rule.namespace}/{rule.name}",
    Extension: lambda extension: f"{extension.namespace}/{extension.name}",
    Upstream: lambda upstream: upstream.service.hostname,
    ClusterName: str,
    Locality: str,
    Duration: lambda duration: duration.json,
}
ORIGINS = frozenset({"origin", "origins"})
# Fields that are left out: findings have a list of their own, and labels only decided on an endpoint's priority.
HIDDEN = frozenset({"findings", "request_rules", "labels"})


def resolved_data(resolved: Resolved) -> dict[str, Json]:
    """The resolved configuration as JSON data."""
    printer = Printer()
    data: dict[str, Json] = {
        "proxy": resolved.proxy.id,
        "listeners": printer.items(_listeners(resolved.listeners)),
        "routeTables": printer.items(resolved.route_tables),
        "clusters": printer.items(_clusters(resolved.clusters)),
        "loadAssignments": printer.items(each for host in resolved.load_assignments.hosts for each in host.assignments),
        "extensions": [
            {"name": name, "module": printer.plain(module), "from": printer.items(_each(extension.origin))}
            for name, extension, module in resolved.extensions.modules
        ],
        "patches": [_patch(patch) for patch in resolved.patches.all],
        "findings": [str(finding) for finding in resolved.findings],
        "skipped": [_skipped(each) for each in resolved.skipped],
    }
    return {**data, "traits": printer.traits()}


def _listeners(listeners: Listeners) -> Iterable[object]:
    return (*listeners.sidecar, *listeners.gateway, *listeners.waypoint, *listeners.tunnels)


def _clusters(clusters: Clusters) -> Iterator[object]:
    yield from (cluster for host in clusters.shared.hosts for cluster in host.clusters)
    yield from clusters.own
    yield from clusters.tunnels


class Printer:
    """Converts values to plain data, and collects the traits that connections share."""

    def __init__(self) -> None:
        self._traits: dict[str, list[HttpTraits | TcpTraits]] = {}
        self._tagged: dict[type, frozenset[str]] = {}

    def items(self, values: Iterable[object]) -> list[Json]:
        """The data of several values."""
        return [self.plain(value) for value in values]

    def traits(self) -> dict[str, Json]:
        """The traits that were referenced, by name."""
        return {
            self._named(value): self._object(value, tag=False)
            for known in tuple(self._traits.values())
            for value in known
        }

    def plain(self, value: Any, *, tag: bool = False) -> Json:
        """The data of a value, with a `kind` if other classes could stand in its field."""
        name = NAMES.get(type(value))
        if name is not None:
            return name(value)
        match value:
            case None | bool() | int() | float():
                return value
            case Enum():
                return value.name
            case str():
                return str(value)
            case HttpTraits() | TcpTraits():
                return self._named(value)
            case Origin():
                return f"{value} {value.field}".rstrip()
            case Resource():
                return value.full_name
            case Node():
                return _written(value)
            case Mapping():
                return {str(key): self.plain(item) for key, item in value.items()}
            case frozenset():
                return [self.plain(item) for item in sorted(value)]
            case tuple() | list():
                return [self.plain(item, tag=tag) for item in value]
            case _:
                return self._object(value, tag=tag)

    def _object(self, value: Any, *, tag: bool) -> dict[str, Json]:
        cls = type(value)
        tagged = self._tagged.setdefault(cls, frozenset(_unions(cls)))
        data: dict[str, Json] = {"kind": cls.__name__} if tag else {}
        for name, default in _shown_fields(cls):
            item = getattr(value, name)
            if name in ORIGINS:
                data |= {"from": self.items(_each(item))} if item else {}
            elif not _is_empty(item) and item != default:
                data[_camel(name)] = self.plain(item, tag=name in tagged)
        return data

    def _named(self, value: HttpTraits | TcpTraits) -> str:
        """The name of a set of traits: its class, with a number if there are several."""
        base = f"{type(value).__name__.removesuffix('Traits').lower()} {value.traffic_class.name}"
        known = self._traits.setdefault(base, [])
        if value not in known:
            known.append(value)
        number = known.index(value)
        return f"{base} {number + 1}" if number else base


def _patch(patch: Patch) -> dict[str, Json]:
    refused = {} if patch.refused is None else {"refused": patch.refused.value}
    place = f"{patch.origin} {patch.origin.field}"
    kinds = {"applyTo": patch.apply_to.name, "operation": patch.operation.name}
    return {"name": str(patch), **kinds, **refused, "from": [place]}


def _skipped(skipped: Skipped) -> dict[str, Json]:
    document = skipped.origin.document
    name = f"{document.kind} {document.namespace}/{document.name}"
    return {"name": name, "reason": str(skipped.reason), "from": [str(skipped.origin)]}


def _is_empty(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, tuple | frozenset | Mapping) and not value)


def _each(value: Any) -> Iterable[Any]:
    return value if isinstance(value, tuple) else (value,)


def _written(node: Node) -> Json:
    """The data of a node as the user wrote it."""
    data: dict[str, Json] = node.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return data


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _shown_fields(cls: Any) -> Iterator[tuple[str, object]]:
    """The names of the fields that are printed, and their defaults."""
    if issubclass(cls, msgspec.Struct):
        return ((field.name, field.default) for field in msgspec.structs.fields(cls) if field.name not in HIDDEN)
    return ((field.name, _default(field)) for field in fields(cls) if field.repr or field.name in ORIGINS)


def _default(field: "Field[Any]") -> object:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


def _unions(cls: type) -> Iterator[str]:
    """The fields that may hold objects of several classes."""
    for name, hint in get_type_hints(cls).items():
        if sum(map(_has_fields, _members(hint))) > 1:
            yield name


def _has_fields(cls: Any) -> bool:
    return is_dataclass(cls) or (isinstance(cls, type) and issubclass(cls, msgspec.Struct))


def _members(hint: Any) -> Iterator[Any]:
    """The classes of a type: those of a union, and of the items of a tuple."""
    if get_origin(hint) in (Union, UnionType, tuple):
        for part in get_args(hint):
            yield from _members(part)
    else:
        yield hint
