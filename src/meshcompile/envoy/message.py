"""The base class of Envoy message types: protobuf JSON, and origins next to the fields.

A message is a frozen, keyword-only `msgspec.Struct`. Its JSON is what istiod prints: lowerCamelCase names, no fields
with default values, 64-bit integers as strings, enums by name, and whole doubles without a fraction.

    route = at(Route(match=RouteMatch(prefix="/"), name="default"), http_route.origin)
    to_json(route)       # {"match": {"prefix": "/"}, "name": "default"}
    source_map(route)    # {"": (Origin(...),)}
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar

import msgspec

if TYPE_CHECKING:  # only for the type of `source`: msgspec does not support recursive aliases
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
"""Bytes in standard base64."""

TYPE_URL = "type.googleapis.com/"

M = TypeVar("M", bound="Message")
T = TypeVar("T")


class _Placed:
    """The slot for the origins of a message, which is no field. A dictionary would take more than the message itself.

    The garbage collector does not look into it: origins know no messages.
    """

    __slots__ = ("_origins",)


_set_origins = vars(_Placed)["_origins"].__set__


class Message(
    _Placed,
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename="camel",
    dict=True,
    forbid_unknown_fields=True,
):
    """An Envoy message. Two messages are equal if their fields are equal, regardless of their origins.

    Messages are immutable. Copying a message returns the message itself, and pickling keeps its origins.
    """

    @property
    def origins(self) -> "tuple[Origin, ...]":
        """The origins of the message, most relevant first. Empty if none were recorded."""
        origins: tuple[Origin, ...] = getattr(self, "_origins", ())
        return origins

    def __hash__(self) -> int:
        return hash((type(self), *map(_hash_key, msgspec.structs.astuple(self))))

    def __copy__(self) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """The fields that differ from their defaults.

        msgspec recognizes a default by identity. An unpickled copy of a default is another object and would be printed.
        """
        defaults = _defaults(type(self))
        fields = {name: value for name in defaults if (value := getattr(self, name)) != defaults[name]}
        return _unpickled, (type(self), fields, self.origins)


class Packed:
    """A message that names its type in `@type`, for fields of the type `google.protobuf.Any`."""

    __slots__ = ()


class Unmodelled(Packed):
    """A packed message without a generated class, as JSON data with its `@type`."""

    __slots__ = ("value",)

    def __init__(self, value: Mapping[str, JsonValue]) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unmodelled) and self.value == other.value

    def __hash__(self) -> int:
        return hash(_hash_key(self.value))

    def __repr__(self) -> str:
        return f"Unmodelled({self.value!r})"


class EncodedMessage:
    """The compact JSON of a message, in the place of the message. It is printed like the message itself."""

    __slots__ = ("__dict__", "text")

    def __init__(self, text: bytes) -> None:
        self.text = text


def at(message: M, *origins: "Origin | tuple[Origin, ...] | None") -> M:
    """A copy of the message with these origins added at the end. Falsy origins are skipped."""
    flat: tuple[Origin, ...] = ()
    for origin in origins:
        if isinstance(origin, tuple):
            flat += origin
        elif origin:
            flat += (origin,)
    if not flat:
        return message
    made = msgspec.structs.replace(message)
    _set_origins(made, getattr(message, "_origins", ()) + flat)
    return made


def _with_origins(message: M, origins: "tuple[Origin, ...]", **fields: Any) -> M:
    """A new message with some fields changed, and with only these origins."""
    made = msgspec.structs.replace(message, **fields)
    if origins:
        _set_origins(made, origins)
    return made


def _unpickled(cls: type[M], fields: Mapping[str, Any], origins: "tuple[Origin, ...]") -> M:
    """The message that `Message.__reduce__` serialized."""
    return _with_origins(cls(**fields), origins)


@cache
def _defaults(cls: type[Message]) -> Mapping[str, object]:
    """The default of each field, by its Python name."""
    return {
        info.name: {} if info.default is msgspec.NODEFAULT else info.default for info in msgspec.structs.fields(cls)
    }


def _hash_key(value: object) -> object:
    """A hashable value that is equal for equal messages: the keys of a mapping, the length of a list."""
    match value:
        case Mapping():
            return frozenset(value)
        case list():
            return len(value)
        case _:
            return value


def replaced(message: M, **fields: Any) -> M:
    """A message with some fields changed, and with the same origins. An unknown name raises TypeError."""
    return _with_origins(message, message.origins, **fields)


def to_builtins(message: "Message | Packed | EncodedMessage") -> dict[str, Any]:
    """The message as plain JSON data, which is new on every call."""
    data: dict[str, Any] = msgspec.json.decode(encode(message))  # `msgspec.to_builtins` would keep the tuples
    return data


def to_json(message: object, indent: int = 2) -> str:
    """The JSON text of a message, or of data with messages in it.

    `indent=0` prints one line, and `-1` also omits spaces.
    """
    return _laid_out(encode(message), indent)


def _laid_out(data: bytes, indent: int) -> str:
    """Compact JSON with the spaces and lines of `indent`."""
    return (data if indent < 0 else msgspec.json.format(data, indent=indent)).decode()


_WHOLE_DOUBLE = re.compile(rb"\.0[,\]}]")


def encode(message: object) -> bytes:
    """The compact JSON of a message, or of data with messages in it."""
    data = _ENCODER.encode(message)
    if _WHOLE_DOUBLE.search(data):  # rare, and cheaper to detect than to convert every number
        return msgspec.json.encode(_with_whole_doubles_as_integers(msgspec.json.decode(data)))
    return data


def canonical(message: object) -> bytes:
    """Compact JSON in which the keys of every object are sorted: equal for equal messages."""
    data = _CANONICAL.encode(message)
    if _WHOLE_DOUBLE.search(data):
        return _CANONICAL.encode(_with_whole_doubles_as_integers(msgspec.json.decode(data)))
    return data


def to_json_by_kind(messages: "Mapping[str, Sequence[Message | EncodedMessage]]", indent: int = 2) -> str:
    """The JSON text of lists of messages: `{"clusters": [...], ...}`, in the format of `to_json`.

    The text of a message is cached with the message, so proxies that share messages share their texts.
    """
    colon = ":" if indent < 0 else ": "
    lists = {f'"{kind}"{colon}': _list_pieces(group, indent, 1) for kind, group in messages.items()}
    before, between, after = _separators("{}", indent, 0)
    parts = [piece for head, pieces in lists.items() for piece in (between, head, *pieces)]
    return "".join((before, *parts[1:], after)) if parts else "{}"


def to_json_list(messages: "Sequence[Message | EncodedMessage]", indent: int = 2) -> Sequence[str]:
    """The pieces of the JSON text of a list of messages, as `to_json` prints it."""
    return _list_pieces(messages, indent, 0)


def json_pieces(messages: "Mapping[str, Sequence[Message | EncodedMessage]]", indent: int = 2) -> Iterator[str]:
    """The text of `to_json_by_kind`, message by message. Messages do not keep their texts."""
    colon = ":" if indent < 0 else ": "
    before, between, after = _separators("{}", indent, 0)
    if not messages:
        yield "{}"
        return
    for kind, group in messages.items():
        yield f'{before}"{kind}"{colon}'
        yield from _pieces(group, indent, 1, _text_at)
        before = between
    yield after


def _list_pieces(messages: "Sequence[Message | EncodedMessage]", indent: int, depth: int) -> Sequence[str]:
    """The parts of the text of a list of messages. They are joined once at the end, because the text may be long."""
    if not messages:
        return ("[]",)
    before, between, after = _separators("[]", indent, depth)
    parts = [between, ""] * len(messages)
    parts[0] = before
    parts[1::2] = _texts(messages, indent, depth + 1)
    parts.append(after)
    return parts


def _pieces(
    messages: "Sequence[Message | EncodedMessage]",
    indent: int,
    depth: int,
    text: "Callable[[Message | EncodedMessage, int, int], str]",
) -> Iterator[str]:
    if not messages:
        yield "[]"
        return
    before, between, after = _separators("[]", indent, depth)
    for message in messages:
        yield before
        yield text(message, indent, depth + 1)
        before = between
    yield after


def _separators(brackets: str, indent: int, depth: int) -> tuple[str, str, str]:
    """The text before, between and after the items of a list or an object at this depth."""
    if indent <= 0:
        return brackets[0], "," if indent < 0 else ", ", brackets[1]
    outside = "\n" + " " * indent * depth
    inside = outside + " " * indent
    return brackets[0] + inside, "," + inside, outside + brackets[1]


def fragment(message: "Message | EncodedMessage", indent: int, depth: int) -> str:
    """The JSON text of a message that is so deep in lists and objects. It stays with the message."""
    return _texts((message,), indent, depth)[0]


def _texts(messages: "Sequence[Message | EncodedMessage]", indent: int, depth: int) -> list[str]:
    """The JSON texts of messages that are so deep in lists and objects. They stay with the messages."""
    key = f"JSON {indent} {depth if indent > 0 else 0}"
    texts: list[str] = []
    for message in messages:
        known = message.__dict__
        text = known.get(key)
        if text is None:
            text = known[key] = encode(message).decode() if indent < 0 else _text_at(message, indent, depth)
        texts.append(text)
    return texts


def _text_at(message: "Message | EncodedMessage", indent: int, depth: int) -> str:
    """The JSON text of a message that is so deep in lists and objects. msgspec indents it at its depth."""
    if indent <= 0:
        return to_json(message, indent)
    framed = _laid_out(b"[" * depth + encode(message) + b"]" * depth, indent)
    head = sum(2 + indent * each for each in range(1, depth + 1))  # at each depth a bracket, a line feed and spaces
    tail = head - indent * depth
    return framed[head : len(framed) - tail]


def _encoded(value: object) -> object:
    match value:
        case Unmodelled():
            return value.value
        case EncodedMessage():
            return msgspec.Raw(value.text)
        case Mapping():
            return dict(value)
        case _:
            raise NotImplementedError(f"{type(value).__name__} has no JSON form")


_ENCODER = msgspec.json.Encoder(enc_hook=_encoded)
_CANONICAL = msgspec.json.Encoder(enc_hook=_encoded, order="sorted")


def _with_whole_doubles_as_integers(value: Any) -> Any:
    match value:
        case dict():
            return {key: _with_whole_doubles_as_integers(item) for key, item in value.items()}
        case list():
            return [_with_whole_doubles_as_integers(item) for item in value]
        case float() if value.is_integer() and abs(value) < 1e21:  # like ECMAScript and Go
            return int(value)
    return value


def from_json(
    cls: type[T], data: Mapping[str, Any], packed: "Callable[[Mapping[str, Any]], Packed] | None" = None
) -> T:
    """The message that JSON data describes. `packed` converts data with an `@type`; the default uses the class of that
    type.

    Raises `msgspec.ValidationError` with the path of an unknown field or of a value of the wrong type.
    """
    read = packed or packed_from_json

    def decoded(expected: type, value: Any) -> Packed:
        if expected is Packed and isinstance(value, Mapping):
            return read(value)
        raise TypeError(f"Expected a message with @type, got {type(value).__name__}")

    return msgspec.convert(data, cls, dec_hook=decoded)


def packed_from_json(data: Mapping[str, Any]) -> Packed:
    """The message of the type in `@type`, or an `Unmodelled` message if that type has no class."""
    cls = packed_type(str(data.get("@type", "")))
    return Unmodelled(data) if cls is None else from_json(cls, data)


def packed_type(url: str) -> type[Packed] | None:
    """The message class of a type URL, or None if there is none."""
    from meshcompile.envoy.registry import PACKED  # only needed for reading messages

    place = PACKED.get(url.removeprefix(TYPE_URL))
    if place is None:
        return None
    module, _, name = place.partition(":")
    cls: type[Packed] = getattr(import_module(module), name)
    return cls


def source_map(message: object, pointer: str = "") -> "dict[str, tuple[Origin, ...]]":
    """Origins by JSON pointer, for a message and everything in it, in the order of the JSON.

    `pointer` is the position of the message. The message can also be data with messages in it, such as a list of
    listeners.
    """
    found: dict[str, tuple[Origin, ...]] = {}
    _collect_origins(message, pointer, found)
    return found


def origins_at(message: object, steps: Sequence[str]) -> "tuple[Origin, ...]":
    """The origins of the part of a message at a path of JSON names, or else of the nearest part around it.

    It gives what `source_map` has at the same pointer, without looking at the rest of the message.
    """
    found: tuple[Origin, ...] = ()
    value: Any = message
    for step in ("", *steps):
        value = _below(value, step) if step else value
        if isinstance(value, Message):
            found = value.origins or found
    return found


def _below(value: Any, step: str) -> Any:
    """What a message, a list or a mapping has at a step; None if it has nothing there."""
    match value:
        case Message():
            name = _fields_by_step(type(value)).get(step)
            return getattr(value, name) if name is not None else None
        case tuple() | list():
            return value[int(step)] if step.isdecimal() and int(step) < len(value) else None
        case Mapping():
            return value.get(step.replace("~1", "/").replace("~0", "~"))
        case _:
            return None


@cache
def _fields_by_step(cls: type[Message]) -> Mapping[str, str]:
    """The fields of a message class by JSON name."""
    return dict(zip(cls.__struct_encode_fields__, cls.__struct_fields__, strict=True))


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
    """The JSON pointer step of each field of a message class."""
    return tuple(f"/{name}" for name in cls.__struct_encode_fields__)


def _escaped(key: str) -> str:
    """A key as JSON pointers write it (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
