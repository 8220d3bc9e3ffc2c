"""Field types and messages that several kinds share.

The scalar types follow protobuf's JSON rules as Istio applies them. An integer may be quoted (``"10"``) or written as
``10.0``. A boolean must not be quoted. A string that looks like a number must be quoted.
"""

import base64
import binascii
import math
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    Strict,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticKnownError

from meshcompile.models.base import ADMITTED, Node, OneOf, Resource
from meshcompile.values.durations import Duration

__all__ = [
    "Bool",
    "BoolValue",
    "Bytes",
    "Double",
    "DoubleValue",
    "Duration",
    "Int32",
    "Int32Value",
    "Int64",
    "IstioCondition",
    "IstioResource",
    "IstioStatus",
    "NonEmpty",
    "Nullable",
    "PolicyTargetReference",
    "PortKey",
    "PortNumber",
    "PortSelector",
    "StringMatch",
    "Struct",
    "UInt32",
    "UInt32Value",
    "UInt64",
    "WorkloadSelector",
    "size",
]


def whole_number(value: object, info: ValidationInfo) -> object:
    """``value`` as an int if protobuf's JSON allows it. Any other value is unchanged, and the type rejects it."""
    if isinstance(value, bool):
        raise PydanticKnownError("int_type")
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and info.context is not ADMITTED and _is_decimal(value):
        return int(value)
    return value


def _unquoted(value: object) -> object:
    """The number in a map key. JSON map keys are always strings."""
    return int(value) if isinstance(value, str) and _is_decimal(value) else value


def real_number(value: object, info: ValidationInfo) -> object:
    """``value`` as a float if protobuf's JSON allows it. Any other value is unchanged, and the type rejects it."""
    if isinstance(value, bool):
        raise PydanticKnownError("float_type")
    if isinstance(value, str) and info.context is not ADMITTED:
        return _NOT_FINITE.get(value) or _quoted_number(value)
    return value


_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _is_decimal(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit()


def _quoted_number(text: str) -> object:
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    if _is_decimal(whole) and (fraction or "0").isdigit() and _is_decimal((exponent or "0").removeprefix("+")):
        return float(text)
    return text


def _decoded(value: object, info: ValidationInfo) -> object:
    """The bytes of a base64 string.

    Either alphabet and missing padding are accepted, except in objects for the API server.
    """
    if not isinstance(value, str):
        return value
    if info.context is ADMITTED and not STANDARD_BASE64.fullmatch(value):
        raise ValueError("expected bytes in base64, padded, and not empty")
    text = value.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("expected bytes in base64") from error


STANDARD_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})")


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


_INTEGER = BeforeValidator(whole_number)
Int32 = Annotated[int, Strict(), Field(ge=-(2**31), lt=2**31), _INTEGER]
UInt32 = Annotated[int, Strict(), Field(ge=0, lt=2**32), _INTEGER]
Int64 = Annotated[int, Strict(), Field(ge=-(2**63), lt=2**63), _INTEGER]
UInt64 = Annotated[int, Strict(), Field(ge=0, lt=2**64), _INTEGER]
PortKey = Annotated[int, Strict(), Field(ge=1, le=65535), BeforeValidator(_unquoted)]
"""A port number as the key of a map."""
Double = Annotated[float, Strict(), BeforeValidator(real_number)]
Bool = Annotated[bool, Strict()]


PortNumber = Annotated[int, Strict(), Field(ge=1, le=65535), _INTEGER]
"""A port number, for fields whose schema requires a valid one."""
NonEmpty = Annotated[str, Field(min_length=1)]
"""A string that may be absent, but not empty."""


def size(most: int, least: int = 0) -> Any:
    """Limits on the length of a string, list or map, if it is present."""
    return Field(min_length=least, max_length=most)


class Nullable:
    """Marks fields for which the API server accepts null as absent: only protobuf's wrappers."""


BoolValue = Annotated[Bool | None, Nullable]
Int32Value = Annotated[Int32 | None, Nullable]
UInt32Value = Annotated[UInt32 | None, Nullable]
DoubleValue = Annotated[Double | None, Nullable]
Bytes = Annotated[
    bytes,
    BeforeValidator(_decoded),
    PlainSerializer(_encoded, return_type=str),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]
Struct = Mapping[str, JsonValue]
"""Free-form data (google.protobuf.Struct)."""


HEADER = r"^[-_A-Za-z0-9]+$"
"""Pattern of a header name."""


class StringMatch(OneOf):
    """A string match. Set exactly one field."""

    one_of = (("exact", "prefix", "regex"),)

    exact: str | None = None
    """The whole string. Case-sensitive."""
    prefix: str | None = None
    """The start of the string. Case-sensitive."""
    regex: str | None = None
    """RE2 expression that must match the whole string."""


class PortSelector(Node):
    """A port, by number."""

    number: UInt32 = 0
    """Port number of the service."""


class WorkloadSelector(Node):
    """Selects workloads by label, in the namespace of the resource or, for a resource in the root namespace, in all."""

    match_labels: Annotated[Mapping[str, Annotated[str, size(63)]], size(4096)] = {}
    """Labels that a pod or workload entry must have, all of them. Empty selects every workload."""


GROUP = r"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
KIND = r"^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"


class PolicyTargetReference(Node):
    """The object that a policy is attached to, for example a Gateway of the Gateway API, or a Service of a waypoint."""

    group: Annotated[str, Field(max_length=253, pattern=GROUP)] = ""
    """API group of the target. Empty for the core group of Kubernetes."""
    kind: Annotated[str, Field(min_length=1, max_length=63, pattern=KIND)]
    """Kind of the target: Gateway, GatewayClass, Service or ServiceEntry."""
    name: Annotated[str, size(253, least=1)]
    """Name of the target."""
    namespace: Annotated[str, size(0)] = ""
    """Namespace of the target. It must be the namespace of the policy."""


class IstioCondition(Node):
    """A condition of an object, as a controller reports it."""

    model_config = ConfigDict(extra="ignore")

    type: str = ""
    """Type of the condition. `Healthy` decides whether a workload entry receives traffic."""
    status: str = ""
    """`True`, `False` or `Unknown`."""
    last_probe_time: str | None = None
    """Time of the last probe (RFC 3339)."""
    last_transition_time: str | None = None
    """Time of the last change of the status (RFC 3339)."""
    reason: str = ""
    """Reason for the last change, in one word."""
    message: str = ""
    """Details of the last change."""
    observed_generation: Int64 = 0
    """Generation of the object that the condition is about."""


class IstioStatus(Node):
    """The status that controllers report. Fields without effect are omitted."""

    model_config = ConfigDict(extra="ignore")

    conditions: tuple[IstioCondition, ...] = ()
    """Latest conditions."""
    validation_messages: tuple[Struct, ...] = ()
    """Findings of istiod's analysis."""
    observed_generation: Int64 = 0
    """Generation of the object that the status is about."""


class IstioResource(Resource):
    """A resource of one of Istio's kinds."""

    status: IstioStatus | None = None
    """Status that controllers report."""
