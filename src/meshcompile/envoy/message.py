"""Base of the Envoy message types: JSON in protobuf form, and origins carried beside it.

A message is a frozen, keyword-only `msgspec.Struct`. Its JSON is what istiod prints: lowerCamelCase names, fields that
have their default left out, 64-bit integers as strings, enums by name, whole doubles without a fraction.

    route = at(Route(match=RouteMatch(prefix="/"), name="default"), http_route.origin)
    to_json(route)       # {"match": {"prefix": "/"}, "name": "default"}
    source_map(route)    # {"": (Origin(...),)}
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar

import msgspec

if TYPE_CHECKING:  # only names the type: msgspec cannot read a recursive alias, and nobody who emits needs `source`
    from meshcompile.documents import Origin

    JsonValue: TypeAlias = "Mapping[str, JsonValue] | Sequence[JsonValue] | str | float | bool | None"
else:
    JsonValue = Any

JsonObject: TypeAlias = Mapping[str, JsonValue]
Int64: TypeAlias = str
"""A signed 64-bit integer as protobuf JSON writes it: decimal digits."""
UInt64: TypeAlias = str
"""An unsigned 64-bit integer as protobuf JSON writes it: decimal digits."""
Duration: TypeAlias = str
"""Seconds with up to nine decimals and the suffix `s`: `10s`, `0.025s`."""
Base64: TypeAlias = str
"""Bytes, in standard base 64."""

TYPE_URL = "type.googleapis.com/"

M = TypeVar("M", bound="Message")
T = TypeVar("T")


class Message(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename="camel",
    dict=True,
    forbid_unknown_fields=True,
):
    """An Envoy message. Two messages are equal when their fields are: origins take no part.

    A message does not change. Its copy is the message itself, and pickling keeps its origins.
    """

    @property
    def origins(self) -> "tuple[Origin, ...]":
        """What the message was made from, most relevant first; empty when nobody said."""
        origins: tuple[Origin, ...] = self.__dict__.get("origins", ())
        return origins

    def __hash__(self) -> int:
        return hash((type(self), *map(_hash_key, msgspec.structs.astuple(self))))

    def __copy__(self) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """The fields that differ from their defaults.

        msgspec recognises a default by identity. An unpickled copy of a default is another object and would be printed.
        """
        defaults = _defaults(type(self))
        fields = {name: value for name in defaults if (value := getattr(self, name)) != defaults[name]}
        return _unpickled, (type(self), fields, self.origins)


class Packed:
    """A message that names its type in `@type`, so that it may stand where Envoy has a `google.protobuf.Any`."""

    __slots__ = ()


class Unmodelled(Packed):
    """A packed message of a type that is not generated, as JSON data with its `@type`."""

    __slots__ = ("value",)

    def __init__(self, value: Mapping[str, JsonValue]) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unmodelled) and self.value == other.value

    def __hash__(self) -> int:
        return hash(_hash_key(self.value))

    def __repr__(self) -> str:
        return f"Unmodelled({self.value!r})"


def at(message: M, *origins: "Origin | tuple[Origin, ...] | None") -> M:
    """The message with these origins after those it has. Nothing falsy is kept. The argument stays as it is."""
    flat: tuple[Origin, ...] = ()
    for origin in origins:
        if isinstance(origin, tuple):
            flat += origin
        elif origin:
            flat += (origin,)
    if not flat:
        return message
    made = msgspec.structs.replace(message)
    made.__dict__["origins"] = message.__dict__.get("origins", ()) + flat
    return made


def _with_origins(message: M, origins: "tuple[Origin, ...]", **fields: Any) -> M:
    """A new message with some fields changed and with these origins only."""
    made = msgspec.structs.replace(message, **fields)
    if origins:
        made.__dict__["origins"] = origins
    return made


def _unpickled(cls: type[M], fields: Mapping[str, Any], origins: "tuple[Origin, ...]") -> M:
    """The message that `Message.__reduce__` took apart."""
    return _with_origins(cls(**fields), origins)


@cache
def _defaults(cls: type[Message]) -> Mapping[str, object]:
    """The default of each field, by its Python name."""
    return {
        info.name: {} if info.default is msgspec.NODEFAULT else info.default for info in msgspec.structs.fields(cls)
    }


def _hash_key(value: object) -> object:
    """A hashable stand-in that is equal for equal values: the keys of a mapping, the length of a list."""
    match value:
        case Mapping():
            return frozenset(value)
        case list():
            return len(value)
        case _:
            return value


def replaced(message: M, **fields: Any) -> M:
    """A message with some fields changed, and the same origins. A wrong name is a `TypeError`."""
    return _with_origins(message, message.origins, **fields)


def to_builtins(message: "Message | Packed") -> dict[str, Any]:
    """The message as plain JSON data, new at each call."""
    data: dict[str, Any] = msgspec.json.decode(encode(message))  # `msgspec.to_builtins` would keep the tuples
    return data


def to_json(message: object, indent: int = 2) -> str:
    """JSON text of a message, or of data that holds messages. `indent=0` puts it on one line, `-1` leaves no spaces."""
    return msgspec.json.format(encode(message), indent=indent).decode()


_WHOLE_DOUBLE = re.compile(rb"\.0[,\]}]")


def encode(message: object) -> bytes:
    """Compact JSON of a message, or of data that holds messages."""
    data = _ENCODER.encode(message)
    if b".0" in data and _WHOLE_DOUBLE.search(data):  # rare, and cheaper to look for than to convert every number
        return msgspec.json.encode(_with_whole_doubles_as_integers(msgspec.json.decode(data)))
    return data


def to_json_by_kind(messages: "Mapping[str, Sequence[Message]]", indent: int = 2) -> str:
    """JSON text of lists of messages: `{"clusters": [...], ...}`, as `to_json` prints it.

    The text of a message stays with it, so that proxies which share messages share their texts.
    """
    colon = ":" if indent < 0 else ": "
    lists = {f'"{kind}"{colon}': _list_pieces(group, indent) for kind, group in messages.items()}
    before, between, after = _separators("{}", indent, 0)
    parts = [piece for head, pieces in lists.items() for piece in (between, head, *pieces)]
    return "".join((before, *parts[1:], after)) if parts else "{}"


def _list_pieces(messages: "Sequence[Message]", indent: int) -> Sequence[str]:
    """What the text of a list of messages consists of: joined once, and not list by list, since it may be long."""
    if not messages:
        return ("[]",)
    before, between, after = _separators("[]", indent, 1)
    parts = [piece for message in messages for piece in (between, _fragment(message, indent))]
    return (before, *parts[1:], after)


def _separators(brackets: str, indent: int, depth: int) -> tuple[str, str, str]:
    """What stands before, between and after the items of a list or an object that is so deep in others."""
    if indent <= 0:
        return brackets[0], "," if indent < 0 else ", ", brackets[1]
    outside = "\n" + " " * indent * depth
    inside = outside + " " * indent
    return brackets[0] + inside, "," + inside, outside + brackets[1]


def _fragment(message: Message, indent: int) -> str:
    """The JSON text of a message, as it stands in a list in an object."""
    known = message.__dict__
    key = f"JSON {indent}"
    text: str | None = known.get(key)
    if text is None:
        text = known[key] = to_json(message, indent).replace("\n", "\n" + " " * max(indent, 0) * 2)
    return text


def _encoded(value: object) -> object:
    match value:
        case Unmodelled():
            return value.value
        case Mapping():
            return dict(value)
        case _:
            raise NotImplementedError(f"{type(value).__name__} has no JSON form")


_ENCODER = msgspec.json.Encoder(enc_hook=_encoded)


def _with_whole_doubles_as_integers(value: Any) -> Any:
    match value:
        case dict():
            return {key: _with_whole_doubles_as_integers(item) for key, item in value.items()}
        case list():
            return [_with_whole_doubles_as_integers(item) for item in value]
        case float() if value.is_integer() and abs(value) < 1e21:  # as ECMAScript and Go do
            return int(value)
    return value


def from_json(
    cls: type[T], data: Mapping[str, Any], packed: "Callable[[Mapping[str, Any]], Packed] | None" = None
) -> T:
    """The message that JSON data describes; `packed` reads what names its type, by default as the class of that type.

    Raises `msgspec.ValidationError` with the path of an unknown field or of a value of the wrong type.
    """
    read = packed or packed_from_json

    def decoded(expected: type, value: Any) -> Packed:
        if expected is Packed and isinstance(value, Mapping):
            return read(value)
        raise TypeError(f"Expected a message with @type, got {type(value).__name__}")

    return msgspec.convert(data, cls, dec_hook=decoded)


def packed_from_json(data: Mapping[str, Any]) -> Packed:
    """The message of the type that the data names in `@type`; an `Unmodelled` one when that is not generated."""
    cls = packed_type(str(data.get("@type", "")))
    return Unmodelled(data) if cls is None else from_json(cls, data)


def packed_type(url: str) -> type[Packed] | None:
    """The message class of a type URL; `None` when it is not generated."""
    from meshcompile.envoy.registry import PACKED  # only who reads messages needs the table

    place = PACKED.get(url.removeprefix(TYPE_URL))
    if place is None:
        return None
    module, _, name = place.partition(":")
    cls: type[Packed] = getattr(import_module(module), name)
    return cls


def source_map(message: object, pointer: str = "") -> "dict[str, tuple[Origin, ...]]":
    """Origins by JSON pointer, of a message and all in it, in the order of the JSON. `pointer` is where it stands.

    Data that holds messages will do as well, such as a list of listeners.
    """
    found: dict[str, tuple[Origin, ...]] = {}
    _collect_origins(message, pointer, found)
    return found


def _collect_origins(value: object, pointer: str, found: "dict[str, tuple[Origin, ...]]") -> None:
    if isinstance(value, Message):
        if value.origins:
            found[pointer] = value.origins
        for step, item in zip(_steps(type(value)), msgspec.structs.astuple(value), strict=True):
            if item and item.__class__ not in _LEAVES:
                _collect_origins(item, pointer + step, found)
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            if item and item.__class__ not in _LEAVES:
                _collect_origins(item, f"{pointer}/{index}", found)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _collect_origins(item, f"{pointer}/{_escaped(key)}", found)


_LEAVES = frozenset({str, int, float, bool})


@cache
def _steps(cls: type[Message]) -> tuple[str, ...]:
    """The step in a JSON pointer to each field of a message class."""
    return tuple(f"/{name}" for name in cls.__struct_encode_fields__)


def _escaped(key: str) -> str:
    """A key as JSON pointers write it (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
