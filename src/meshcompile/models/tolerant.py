"""Objects that the API server's schema refuses, as istioctl reads them from a file.

istioctl knows the types of fields, but not their limits. It skips unknown fields, takes null as absent, and takes the
last of several fields that exclude each other. The result may break what a model promises, so only checks across
objects see it.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin, Path
from meshcompile.models.base import ADMITTED, Node, OneOf, Resource, nested_fields, node_type, spellings, stamp
from meshcompile.models.common import IstioResource
from meshcompile.models.gateway_api.base import GatewayApiResource
from meshcompile.models.problems import problem
from meshcompile.models.registry import find

LIMITS = frozenset(
    {
        "greater_than_equal",
        "less_than_equal",
        "string_too_short",
        "string_too_long",
        "too_short",
        "too_long",
        "string_pattern_mismatch",
    }
)
"""pydantic's errors about limits that only the schema sets."""


class _UnreadableError(Exception):
    """A value of a wrong type."""


def tolerated(document: Document, namespace: str) -> Resource | None:
    """The Istio or Gateway API object of a document that is otherwise refused; None if a value has a wrong type."""
    value = _without_nulls(document.value)
    api_version, kind = (value.get(key) for key in ("apiVersion", "kind")) if isinstance(value, dict) else (None, None)
    known = find(api_version, kind) if isinstance(api_version, str) and isinstance(kind, str) else None
    if known is None or not issubclass(known.model, IstioResource | GatewayApiResource):
        return None
    metadata = value.get("metadata")
    if not isinstance(metadata, dict) or not metadata.get("name"):
        return None
    written = _completed(known.model, {**value, "metadata": {"namespace": namespace, **metadata}})
    try:
        resource: Resource = _node(known.model, written)
    except _UnreadableError:
        return None
    stamp(resource, document, written)
    return resource


def problems_in_null_items(resource: Resource) -> Iterator[Diagnostic]:
    """What the schema says about null items of lists, which Istio reads as empty objects. No value has a wrong type."""
    document = resource.origin.document
    nulls, written = frozenset(_null_items(document.value)), _without_nulls(document.value)
    if not nulls:
        return
    try:
        type(resource).model_validate(written, by_alias=True, by_name=False, context=ADMITTED)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            found = problem(detail, type(resource), Origin(document), written)
            if any(found.origin.path[:length] in nulls for length in range(len(found.origin.path) + 1)):
                yield found


def _null_items(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of the null items of lists."""
    match value:
        case Mapping():
            for key, item in value.items():
                yield from _null_items(item, (*path, key))
        case list():
            for index, item in enumerate(value):
                yield from _null_items(item, (*path, index))
        case None if path and isinstance(path[-1], int):
            yield path


def _without_nulls(value: Any) -> Any:
    """The data without null fields. A null item of a list is an empty object."""
    match value:
        case Mapping():
            return {key: _without_nulls(item) for key, item in value.items() if item is not None}
        case list():
            return [{} if item is None else _without_nulls(item) for item in value]
        case _:
            return value


def _completed(model: type[Node], written: Any) -> Any:
    """The data with an empty object for each required message that is absent, so that it has a place."""
    if not isinstance(written, Mapping):
        return written
    completed = dict(written)
    for field, names in spellings(model).items():
        nested = nested_fields(model).get(names[0])
        below = node_type(model.model_fields[field].annotation) if nested else None
        if nested is None or below is None:
            continue
        name = next((each for each in names if each in completed), names[0])
        if nested.shape == "one" and (field == "spec" or model.model_fields[field].is_required()):
            completed.setdefault(name, {})
        match completed.get(name):
            case list() as items if nested.shape == "many":
                completed[name] = [_completed(below, item) for item in items]
            case Mapping() as items if nested.shape == "map":
                completed[name] = {key: _completed(below, item) for key, item in items.items()}
            case Mapping() as item if nested.shape == "one":
                completed[name] = _completed(below, item)
    return completed


def _node(model: type[Node], written: Any) -> Any:
    """A node with the written fields, and with the defaults of the others."""
    if not isinstance(written, Mapping):
        raise _UnreadableError
    values = {}
    for name, names in spellings(model).items():
        spelt = next((each for each in names if each in written), None)
        if spelt is not None:
            values[name] = _value(model, name, written[spelt])
        elif model.model_fields[name].is_required():
            values[name] = _empty(model, name)
    for group in model.one_of if issubclass(model, OneOf) else ():
        for name in [name for name in group if values.get(name) is not None][:-1]:
            del values[name]
    return model.model_construct(_fields_set=set(values), **values)


def _value(model: type[Node], name: str, written: Any) -> Any:
    """The value of a field."""
    nested = nested_fields(model).get(name)
    below = node_type(model.model_fields[name].annotation) if nested else None
    if nested is None or below is None:
        return _scalar(model, name, written)
    match nested.shape:
        case "one":
            return _node(below, written)
        case "many" if isinstance(written, list):
            return tuple(_node(below, item) for item in written)
        case "map" if isinstance(written, Mapping):
            return {key: _node(below, item) for key, item in written.items()}
    raise _UnreadableError


def _empty(model: type[Node], name: str) -> Any:
    """The value of a required field that is absent."""
    nested = nested_fields(model).get(name)
    below = node_type(model.model_fields[name].annotation) if nested else None
    if nested is not None and below is not None:
        return _node(below, {}) if nested.shape == "one" else () if nested.shape == "many" else {}
    empty: object
    for empty in ("", 0, (), {}, "0s", None):
        try:
            return _adapter(model, name).validate_python(empty)
        except ValidationError as error:
            if all(found["type"] in LIMITS for found in error.errors()):
                return empty
    return None


def _scalar(model: type[Node], name: str, written: Any) -> Any:
    """A value without nodes; as written if only a limit of the schema refuses it."""
    adapter = _adapter(model, name)
    try:
        return adapter.validate_python(written)
    except ValidationError as error:
        if all(_is_limit(found, adapter) for found in error.errors()):
            return tuple(written) if isinstance(written, list) else written
    raise _UnreadableError


@cache
def _adapter(model: type[Node], name: str) -> TypeAdapter[Any]:
    field = model.model_fields[name]
    annotation: Any = field.annotation
    return TypeAdapter(Annotated[(annotation, *field.metadata)] if field.metadata else annotation)


def _is_limit(found: ErrorDetails, adapter: TypeAdapter[Any]) -> bool:
    """True for an error about a limit of the schema, and not of the type: an unsigned number is never negative."""
    if found["type"] == "greater_than_equal" and found["ctx"]["ge"] == 0:
        return not _is_unsigned(adapter)
    return found["type"] in LIMITS


def _is_unsigned(adapter: TypeAdapter[Any]) -> bool:
    try:
        adapter.validate_python(2**64)
    except ValidationError as error:
        return any(found["type"] == "less_than" and found["ctx"]["lt"] in (2**32, 2**64) for found in error.errors())
    return False
