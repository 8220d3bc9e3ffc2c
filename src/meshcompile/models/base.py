"""The base of all models: protobuf JSON names, strict fields, and the origin of each node.

The names follow protobuf's JSON mapping, like Istio's API types (``jsonpb``): a field has its lowerCamelCase name or
its proto name, an enum value has its name or number, and null means absent.
"""

import types
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self, TypeVar, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    StrictBool,
    StrictInt,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, core_schema

from meshcompile.documents import NOWHERE, Document, Origin, Path


def json_name(field: str) -> str:
    """Protobuf's JSON name of ``field``, without a trailing underscore (``from_``, a Python keyword).

    Each underscore is removed, and the letter after it becomes upper case: ``consecutive_5xx_errors`` is
    ``consecutive5xxErrors``. Title-casing would yield ``consecutive5XxErrors``, which is wrong.
    """
    first, *rest = field.removesuffix("_").split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


class ProtoEnum(StrEnum):
    """A protobuf enum: members are written by name or by number."""

    @classmethod
    def numbers(cls) -> Mapping[int, str]:
        """The members by number. By default, the number of a member is its position."""
        return dict(enumerate(cls))

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if isinstance(value, int) and not isinstance(value, bool) and value in cls.numbers():
            return cls(cls.numbers()[value])
        return None

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_wrap_validator_function(cls._read, handler(source))

    @classmethod
    def _read(cls, value: object, read: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Self:
        """The member for ``value``. The API server rejects numbers."""
        if not isinstance(value, str) and info.context is ADMITTED:
            raise PydanticKnownError("enum", {"expected": ", ".join(cls)})
        member: Self = read(value)
        return member


ADMITTED = object()
"""The context of a validation that rejects quoted numbers and enum numbers, like the API server."""


class Node(BaseModel):
    """A message in the input: immutable, without unknown fields, and with an origin.

    Two nodes are equal if their fields are equal, regardless of their origins.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=json_name,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        protected_namespaces=(),
        ser_json_inf_nan="strings",
        defer_build=True,  # few meshes use every kind, and validators take most of a model's import time
    )

    @property
    def origin(self) -> Origin:
        """The origin of this node, or ``NOWHERE`` for a node created in Python."""
        place: _Place | None = self.__dict__.get(_PLACE)
        if place is None:
            return NOWHERE
        above, path = place
        while isinstance(above, tuple):
            above, keys = above
            path = keys + path
        return Origin(above, path)

    def at(self, field: str, *keys: str | int) -> Origin:
        """The origin of ``field``, or of a value below it.

        ``field`` is the Python name. The origin has the spelling in the input.
        """
        names = spellings(type(self))[field]
        if len(names) == 1:  # the data of a document may have to be read again
            return self.origin.at(*names, *keys)
        return self.origin.at(written_name(type(self), field, _written(self.origin)), *keys)


N = TypeVar("N", bound=Node)


class OneOf(Node):
    """A message with mutually exclusive fields, like a protobuf oneof."""

    one_of: ClassVar[tuple[tuple[str, ...], ...]]
    """Groups of fields, as declared in protobuf. At most one field of each group is set."""

    @model_validator(mode="after")
    def _at_most_one(self) -> Self:
        for group in self.one_of:
            chosen = tuple((json_name(field), field) for field in group if getattr(self, field) is not None)
            if len(chosen) > 1:
                names = ", ".join(name for name, _ in chosen)
                raise PydanticCustomError(
                    "oneof", "only one of {fields} can be set", {"fields": names, "members": chosen}
                )
        return self


class OwnerReference(Node):
    """The object that owns this one. For example, a Deployment owns a ReplicaSet."""

    api_version: str = ""
    """API group and version of the owner."""
    kind: str = ""
    """Kind of the owner."""
    name: str = ""
    """Name of the owner, in the same namespace."""
    uid: str = ""
    """Unique ID of the owner."""
    controller: StrictBool | None = None
    """Whether the owner is the controller of the object. At most one owner is."""
    block_owner_deletion: StrictBool | None = None
    """Whether the deletion of the owner waits for the deletion of this object."""


def scalar_text(value: object) -> object:
    """The string that Kubernetes reads from a number or boolean in a string field.

    sigs.k8s.io/yaml converts it: the name `y` becomes `true`. Go reads null as an empty string.
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return f"{value:g}"
        case _:
            return value


ScalarText = Annotated[str, BeforeValidator(scalar_text)]


class _Nothing(dict[str, Any]):
    """An empty mapping with a hash. pydantic does not copy a hashable default, and most objects have no annotations."""

    def __hash__(self) -> int:  # type: ignore[override]  # a dict has none
        return 0

    def __reduce__(self) -> str:
        return "NOTHING"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.dict_schema()


NOTHING: Mapping[str, Any] = _Nothing()


class ObjectMeta(Node):
    """Kubernetes object metadata: name, namespace, labels and annotations."""

    name: ScalarText = ""
    """Name, unique per kind and namespace. Between objects of the same age, the name decides which takes precedence."""
    generate_name: str = ""
    """Prefix of a generated name. Such an object has no name until the API server creates it."""
    namespace: ScalarText = ""
    """Namespace. Empty for cluster-scoped kinds."""
    labels: Mapping[str, ScalarText] = NOTHING
    """Labels that selectors match."""
    annotations: Mapping[str, ScalarText] = NOTHING
    """Annotations. Some of them affect the configuration that Istio generates."""
    creation_timestamp: str | None = None
    """Creation time (RFC 3339). Between conflicting objects, the oldest takes precedence."""
    generation: StrictInt = 0
    """Number of changes to the spec."""
    resource_version: str = ""
    """Version of the stored object."""
    uid: str = ""
    """Unique ID of the object."""
    owner_references: tuple[OwnerReference, ...] = ()
    """Objects that own this one."""
    finalizers: tuple[str, ...] = ()
    """Names of the steps to complete before the object is removed."""
    deletion_timestamp: str | None = None
    """Time at which deletion was requested (RFC 3339)."""
    deletion_grace_period_seconds: StrictInt | None = None
    """Seconds until the object is removed."""
    managed_fields: tuple[Mapping[str, Any], ...] = ()
    """Which client set which field. It has no effect."""
    self_link: str = ""
    """Deprecated. It has no effect."""
    cluster_name: str = ""
    """Deprecated. It has no effect."""


class Resource(Node):
    """A Kubernetes API object. Each kind is a subclass with its own ``kind``, ``api_version`` and ``spec``."""

    api_version: str
    """API group and version."""
    kind: str
    """Kind of the object."""
    metadata: ObjectMeta
    """Name, namespace, labels and annotations."""

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def namespace(self) -> str:
        return self.metadata.namespace

    @property
    def full_name(self) -> str:
        """`NAMESPACE/NAME`, or only the name for cluster-scoped kinds."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


_set = object.__setattr__


@cache
def _shared(names: frozenset[str]) -> set[str]:
    """The shared set of these names: a set is as large as a node. pydantic copies it before it adds names."""
    return set(names)


# The path of a node from its document, or from an enclosing node.
_Place = tuple["Document | _Place", Path]
# Stored in the instance's __dict__ under a name that no field can have: excluded from equality, hash and output, but
# copied by model_copy and pickle. A pydantic private attribute would cost another dict per node.
_PLACE = "origin."


def stamp(node: Node, document: Document, written: Mapping[str, Any], path: Path = ()) -> bool:
    """Record on ``node`` and all nodes below that they were read from ``path`` of ``document``.

    ``written`` is the data from which the node was built. Returns whether a field of a node is null in it.
    """
    return _stamp(node, (document, path), written)


def _stamp(node: Node, place: _Place, written: Mapping[str, Any]) -> bool:
    has_null = None in written.values()
    values = node.__dict__
    values[_PLACE] = place
    _set(node, "__pydantic_fields_set__", _shared(frozenset(node.__pydantic_fields_set__)))
    nested = nested_fields(node.__class__)
    for key, below in written.items() if nested else ():
        if key not in nested:
            continue
        field, shape, step = nested[key]
        if (value := values[field]) is None or below is None:
            continue
        if shape == "one":
            has_null |= _stamp(value, (place, step), below)
        elif shape == "many":
            for index, item in enumerate(value):
                has_null |= _stamp(item, (place, _step(key, index)), below[index])
        else:
            for item, (name, data) in zip(value.values(), below.items(), strict=False):
                has_null |= _stamp(item, (place, (key, name)), data)
    return has_null


@cache
def _step(field: str, index: int) -> Path:
    """The shared path of an item from the node that has the list."""
    return field, index


def placed(node: N, origin: Origin) -> N:
    """``node`` with the given ``origin``. The node must be new: use this for nodes that are derived from others."""
    node.__dict__[_PLACE] = (origin.document, origin.path)
    return compact(node)


def compact(node: N) -> N:
    """``node`` with names of set fields that it shares with others. It must be new, and stays in memory for long."""
    _set(node, "__pydantic_fields_set__", _shared(frozenset(node.__pydantic_fields_set__)))
    return node


Shape = Literal["one", "many", "map"]


class Nested(NamedTuple):
    """A field that holds nodes: its Python name, the shape of its value, and its path from the node."""

    field: str
    shape: Shape
    step: Path


@cache
def nested_fields(model: type[Node]) -> Mapping[str, Nested]:
    """The fields of ``model`` that hold nodes, by every allowed spelling."""
    shapes = ((field, _shape(info.annotation)) for field, info in model.model_fields.items())
    return {
        name: Nested(field, shape, (name,))
        for field, shape in shapes
        if shape is not None
        for name in spellings(model)[field]
    }


@cache
def nested_models(model: type[Node]) -> Mapping[str, type[Node]]:
    """The models of what the fields of ``model`` hold, by the names that users may write."""
    types = (
        (name, node_type(model.model_fields[nested.field].annotation)) for name, nested in nested_fields(model).items()
    )
    return {name: below for name, below in types if below is not None}


@cache
def spellings(model: type[Node]) -> Mapping[str, tuple[str, ...]]:
    """The names that users may write for each field, the JSON name first. The keys are Python names."""
    return {name: tuple(dict.fromkeys((field.alias or name, name))) for name, field in model.model_fields.items()}


def written_name(model: type[Node], field: str, written: object) -> str:
    """The spelling of ``field`` in ``written``, or the JSON name if it is absent."""
    names = spellings(model)[field]
    return next((name for name in names if isinstance(written, Mapping) and name in written), names[0])


def _written(origin: Origin) -> object:
    """The data at ``origin``, or None, for example for an absent spec."""
    value: Any = origin.document.value
    for key in origin.path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _shape(annotation: Any) -> Shape | None:
    """The shape in which a field of this type holds nodes; None if it holds none."""
    kind, parts = get_origin(annotation), get_args(annotation)
    if kind is None:
        return "one" if isinstance(annotation, type) and issubclass(annotation, Node) else None
    if kind in (Union, types.UnionType, Annotated):
        return next((shape for part in parts if (shape := _shape(part)) is not None), None)
    if not any(_holds_nodes(part) for part in parts):
        return None
    return "many" if kind is tuple else "map"


def _holds_nodes(annotation: Any) -> bool:
    return _shape(annotation) == "one"


def node_type(annotation: Any) -> type[Node] | None:
    """The model of the nodes in a field of this type, directly, in a list or in a map; None if it holds none."""
    if isinstance(annotation, type) and issubclass(annotation, Node):
        return annotation
    return next((below for part in get_args(annotation) if (below := node_type(part))), None)
