"""Messages that istiod reads leniently: mesh config, mesh networks and proxy config.

As in istiod, null means absent, and unknown fields are skipped. meshcompile also reports them.
"""

from collections.abc import Mapping
from functools import reduce
from typing import Any, TypeVar

from msgspec.structs import replace
from pydantic import ValidationError

from meshcompile.codes.models import UNKNOWN_FIELD
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin, Path
from meshcompile.models.base import Node, stamp
from meshcompile.models.problems import problem

N = TypeVar("N", bound=Node)


def read_leniently(document: Document, model: type[N]) -> tuple[N | None, tuple[Diagnostic, ...]]:
    """The message in a document, or None if there is none, and findings about it."""
    written = _without_nulls(document.value)
    problems = _problems(document, model, written)
    unknown = [diagnostic.origin.path for diagnostic in problems if diagnostic.code == UNKNOWN_FIELD.id]
    if len(unknown) < len(problems):
        return None, problems
    known = reduce(_without, unknown, written)
    again = _problems(document, model, known) if unknown else ()
    if again:
        return None, (*problems, *again)
    node = model.model_validate(known)
    stamp(node, document, known)
    return node, problems


def _problems(document: Document, model: type[N], written: Any) -> tuple[Diagnostic, ...]:
    """Findings about a message as written. None of them rejects the message."""
    try:
        model.model_validate(written)
    except ValidationError as error:
        problems = (problem(e, model, Origin(document), written) for e in error.errors(include_url=False))
        return tuple(replace(d, rejected=False) for d in problems)
    return ()


def _without_nulls(value: Any) -> Any:
    """The data without null fields."""
    match value:
        case Mapping():
            return {key: _without_nulls(item) for key, item in value.items() if item is not None}
        case list():
            return [_without_nulls(item) for item in value]
        case _:
            return value


def _without(value: Any, path: Path) -> Any:
    """The data without the field at `path`."""
    key, *rest = path
    if not rest:
        return {name: item for name, item in value.items() if name != key}
    if isinstance(value, Mapping):
        return {name: _without(item, tuple(rest)) if name == key else item for name, item in value.items()}
    return [_without(item, tuple(rest)) if index == key else item for index, item in enumerate(value)]
