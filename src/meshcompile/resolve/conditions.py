"""Conditions of authorization rules, decided: a small language that says what is compared with what.

Connections and requests meet a condition, or do not; nothing here knows who checks it. A permission is about what is
asked for, a principal about who asks: each has a union of its own, so that whoever reads one handles all of it.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Generic, TypeAlias, TypeVar

from meshcompile.go_regex import quoted
from meshcompile.ip import Range

C = TypeVar("C", covariant=True)


class Comparison(Enum):
    """How text is compared."""

    EXACT = auto()
    PREFIX = auto()
    SUFFIX = auto()
    REGEX = auto()  # RE2, of the whole text


@dataclass(frozen=True, slots=True)
class Pattern:
    """Text to compare with."""

    comparison: Comparison
    text: str
    ignore_case: bool = False


SOMETHING = Pattern(Comparison.REGEX, ".+")


def pattern(value: str, prefix: str = "") -> Pattern:
    """The pattern that a policy writes as `text`, `text*`, `*text` or `*`, of text that starts with `prefix`.

    A lone `*` stands for any text but none, with or without the prefix.
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


@dataclass(frozen=True, slots=True)
class TextValue:
    """A value that is text."""

    pattern: Pattern


@dataclass(frozen=True, slots=True)
class ListValue:
    """A list with such a value in it."""

    item: "Value"


@dataclass(frozen=True, slots=True)
class OneOfValues:
    """A value that is one of these."""

    values: "tuple[Value, ...]"


Value = TextValue | ListValue | OneOfValues


def one_of(values: "tuple[Value, ...]") -> Value:
    """One of several values; the only one itself."""
    return values[0] if len(values) == 1 else OneOfValues(values)


# ---- conditions


@dataclass(frozen=True, slots=True)
class Always:
    """Met by everything."""


@dataclass(frozen=True, slots=True)
class Not(Generic[C]):
    """Met when the condition is not."""

    condition: C


@dataclass(frozen=True, slots=True)
class All(Generic[C]):
    """Met when every condition is."""

    conditions: tuple[C, ...]


@dataclass(frozen=True, slots=True)
class AnyOf(Generic[C]):
    """Met when at least one condition is."""

    conditions: tuple[C, ...]


@dataclass(frozen=True, slots=True)
class DestinationAddress:
    """The address that was connected to."""

    range: Range


@dataclass(frozen=True, slots=True)
class DestinationPort:
    """The port that was connected to."""

    port: int


@dataclass(frozen=True, slots=True)
class ServerName:
    """The SNI of the TLS handshake."""

    pattern: Pattern


@dataclass(frozen=True, slots=True)
class SourceAddress:
    """The address of the peer."""

    range: Range


@dataclass(frozen=True, slots=True)
class ClientAddress:
    """The address of the original client, as `x-forwarded-for` or the PROXY protocol tells it."""

    range: Range


@dataclass(frozen=True, slots=True)
class Identity:
    """The SPIFFE identity of the peer: of its certificate, or as the tunnel's end has noted it."""

    pattern: Pattern
    tunnelled: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """A header; any value but none when there is no pattern."""

    name: str
    pattern: Pattern | None


@dataclass(frozen=True, slots=True)
class Path:
    """The path without the query."""

    pattern: Pattern


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """The path, matched segment by segment: `*` is one segment, `**` are any."""

    template: str


@dataclass(frozen=True, slots=True)
class DynamicMetadata:
    """What a filter has noted about the request, under a path of keys."""

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
