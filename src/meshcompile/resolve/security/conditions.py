"""Conditions of authorization rules: a small language that says which attribute is compared with which value.

Connections and requests either meet a condition or do not. Nothing here depends on who evaluates it. A permission is
about the request and its destination, a principal about the peer. Each has its own union, so an interpreter of one must
handle every case.
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Generic, TypeAlias, TypeVar

import msgspec

from meshcompile.documents import Origin
from meshcompile.golang.regex import quoted
from meshcompile.values.ip import Range

C = TypeVar("C", covariant=True)


class Comparison(Enum):
    """How a pattern matches text."""

    EXACT = auto()
    PREFIX = auto()
    SUFFIX = auto()
    REGEX = auto()  # RE2, of the whole text


class Pattern(msgspec.Struct, frozen=True):
    """A text to compare with."""

    comparison: Comparison
    text: str
    ignore_case: bool = False


SOMETHING = Pattern(Comparison.REGEX, ".+")


def pattern(value: str, prefix: str = "") -> Pattern:
    """The pattern that a policy writes as `text`, `text*`, `*text` or `*`, after the given `prefix`.

    A lone `*` matches any text that is not empty, with or without the prefix.
    """
    if value == "*":
        return SOMETHING
    if value.startswith("*"):
        end = value.removeprefix("*")
        return Pattern(Comparison.REGEX, f"{prefix}.*{quoted(end)}") if prefix else Pattern(Comparison.SUFFIX, end)
    if value.endswith("*"):
        return Pattern(Comparison.PREFIX, prefix + value.removesuffix("*"))
    return Pattern(Comparison.EXACT, prefix + value)


# ---- values of metadata, such as claims of tokens


class TextValue(msgspec.Struct, frozen=True):
    """A text value."""

    pattern: Pattern


class ListValue(msgspec.Struct, frozen=True):
    """A list that contains such a value."""

    item: "Value"


class OneOfValues(msgspec.Struct, frozen=True):
    """A value that equals one of these."""

    values: "tuple[Value, ...]"


Value = TextValue | ListValue | OneOfValues


def one_of(values: "tuple[Value, ...]") -> Value:
    """One of several values; a single value stands for itself."""
    return values[0] if len(values) == 1 else OneOfValues(values)


# ---- conditions


class Always(msgspec.Struct, frozen=True):
    """Everything meets this condition."""


class Not(msgspec.Struct, Generic[C], frozen=True):
    """Met when the inner condition is not met."""

    condition: C


@dataclass(frozen=True, slots=True)
class All(Generic[C]):
    """Met when every condition is met; `places` says where each is written."""

    conditions: tuple[C, ...]
    places: tuple[Origin, ...] = field(default=(), compare=False, repr=False)


class AnyOf(msgspec.Struct, Generic[C], frozen=True):
    """Met when at least one condition is met."""

    conditions: tuple[C, ...]


class DestinationAddress(msgspec.Struct, frozen=True):
    """The destination address of the connection."""

    range: Range


class DestinationPort(msgspec.Struct, frozen=True):
    """The destination port of the connection."""

    port: int


class ServerName(msgspec.Struct, frozen=True):
    """The SNI of the TLS handshake."""

    pattern: Pattern


class SourceAddress(msgspec.Struct, frozen=True):
    """The address of the peer."""

    range: Range


class ClientAddress(msgspec.Struct, frozen=True):
    """The address of the original client, from `x-forwarded-for` or the PROXY protocol."""

    range: Range


class Identity(msgspec.Struct, frozen=True):
    """The SPIFFE identity of the peer, from its certificate or from the end of its tunnel."""

    pattern: Pattern
    tunnelled: bool = False


class Header(msgspec.Struct, frozen=True):
    """A request header. Without a pattern, it must be present."""

    name: str
    pattern: Pattern | None


class Path(msgspec.Struct, frozen=True):
    """The path without the query."""

    pattern: Pattern


class PathTemplate(msgspec.Struct, frozen=True):
    """The path, segment by segment: `*` matches one segment, `**` any number."""

    template: str


class DynamicMetadata(msgspec.Struct, frozen=True):
    """Metadata that a filter has set for the request, under a path of keys."""

    filter: str
    path: tuple[str, ...]
    value: Value


PermissionCondition: TypeAlias = (
    Always
    | Not["PermissionCondition"]
    | All["PermissionCondition"]
    | AnyOf["PermissionCondition"]
    | DestinationAddress
    | DestinationPort
    | ServerName
    | Header
    | Path
    | PathTemplate
    | DynamicMetadata
)
PrincipalCondition: TypeAlias = (
    Always
    | Not["PrincipalCondition"]
    | All["PrincipalCondition"]
    | AnyOf["PrincipalCondition"]
    | SourceAddress
    | ClientAddress
    | Identity
    | Header
    | DynamicMetadata
)
Condition: TypeAlias = PermissionCondition | PrincipalCondition
