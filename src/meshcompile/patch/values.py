"""What patches say, read once for all proxies. Follows istiod's `xds.BuildXDSObjectFromStruct`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar, cast

from meshcompile.codes.envoy_filters import INVALID_ENVOY_VALUE, UNKNOWN_ENVOY_FIELD, UNSUPPORTED_ENVOY_VALUE
from meshcompile.diagnostics import Code, Diagnostic
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.envoy.config.listener import Filter, FilterChain, Listener, ListenerFilter
from meshcompile.envoy.config.route import Route, RouteConfiguration, VirtualHost
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.envoy.message import Message, Packed, at
from meshcompile.envoy.reading import Fault, Problem, Reading, read
from meshcompile.models.networking.envoy_filter import ApplyTo
from meshcompile.patch.editing import as_data, decoded, decoded_packed, with_origins
from meshcompile.patch.merge import merged, merged_packed
from meshcompile.resolve.envoy_filters import Patch

M = TypeVar("M", bound=Message)


class ObjectType(NamedTuple):
    """The kind of message that an `applyTo` is about."""

    full_name: str
    cls: type[Message]


OBJECT_TYPES: Mapping[ApplyTo, ObjectType] = {
    ApplyTo.LISTENER: ObjectType("envoy.config.listener.v3.Listener", Listener),
    ApplyTo.LISTENER_FILTER: ObjectType("envoy.config.listener.v3.ListenerFilter", ListenerFilter),
    ApplyTo.FILTER_CHAIN: ObjectType("envoy.config.listener.v3.FilterChain", FilterChain),
    ApplyTo.NETWORK_FILTER: ObjectType("envoy.config.listener.v3.Filter", Filter),
    ApplyTo.HTTP_FILTER: ObjectType(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter", HttpFilter
    ),
    ApplyTo.ROUTE_CONFIGURATION: ObjectType("envoy.config.route.v3.RouteConfiguration", RouteConfiguration),
    ApplyTo.VIRTUAL_HOST: ObjectType("envoy.config.route.v3.VirtualHost", VirtualHost),
    ApplyTo.HTTP_ROUTE: ObjectType("envoy.config.route.v3.Route", Route),
    ApplyTo.CLUSTER: ObjectType("envoy.config.cluster.v3.Cluster", Cluster),
    ApplyTo.EXTENSION_CONFIG: ObjectType("envoy.config.core.v3.TypedExtensionConfig", TypedExtensionConfig),
}


@dataclass(frozen=True, slots=True, eq=False)
class Value(Generic[M]):
    """What a patch says, as canonical JSON and as a message that can be put anywhere."""

    patch: Patch
    data: Mapping[str, Any]
    message: M

    def into(self, message: M) -> M:
        """The message with this merged into it."""
        full_name = OBJECT_TYPES[self.patch.apply_to].full_name
        data = merged(full_name, as_data(message), self.data)
        return with_origins(decoded(type(message), data), message, self.patch.origin)


@dataclass(frozen=True, slots=True)
class PatchValue:
    """The value of a patch, None for a removal or when it cannot be read; and what is wrong with it."""

    value: Value[Message] | None
    findings: tuple[Diagnostic, ...] = ()


def patch_value(patch: Patch) -> PatchValue:
    """What a patch says."""
    kind = OBJECT_TYPES.get(patch.apply_to)
    if kind is None or patch.value is None:
        return PatchValue(None)
    reading = read(kind.full_name, patch.value)
    findings = tuple(value_findings(patch, reading))
    if reading.value is None:
        return PatchValue(None, findings)
    message = at(decoded(kind.cls, reading.value), patch.origin)
    return PatchValue(Value(patch, reading.value, message), findings)


def packed_into(packed: Packed, other: Packed) -> Packed:
    """A packed message with another merged into it. Raises TypeMismatch when their types differ."""
    new = decoded_packed(merged_packed(as_data(packed), as_data(other)))
    return cast(Packed, with_origins(new, packed)) if isinstance(new, Message) and isinstance(packed, Message) else new


_CODES: Mapping[Fault, Code] = {
    Fault.UNKNOWN_FIELD: UNKNOWN_ENVOY_FIELD,
    Fault.UNKNOWN_TYPE: INVALID_ENVOY_VALUE,
    Fault.BAD_VALUE: INVALID_ENVOY_VALUE,
    Fault.UNSUPPORTED: UNSUPPORTED_ENVOY_VALUE,
}


def value_findings(patch: Patch, reading: Reading) -> Iterator[Diagnostic]:
    """What is wrong with the value of a patch, each at its place."""
    for problem in reading.problems:
        code = _CODES[problem.fault]
        yield code(patch.value_origin.at(*problem.path), problem=_text(problem), suggestion=problem.suggestion)


def _text(problem: Problem) -> str:
    return f"Envoy has no type {problem.text}" if problem.fault is Fault.UNKNOWN_TYPE else problem.text
