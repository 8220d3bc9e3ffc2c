"""Messages that istiod reads leniently: mesh config, mesh networks and proxy config.

As in istiod, null means absent, unknown fields are skipped, and the last member of a oneof wins, in the order in which
the members are declared. meshcompile also reports them.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, TypeVar

from msgspec.structs import replace
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from meshcompile.codes.models import ONE_MEMBER
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin, Path
from meshcompile.models.base import Node, stamp
from meshcompile.models.nulls import without_nulls
from meshcompile.models.problems import problem, value_at, written_path

N = TypeVar("N", bound=Node)


def read_leniently(document: Document, model: type[N]) -> tuple[N | None, tuple[Diagnostic, ...]]:
    """The message in a document, or None if there is none, and findings about it."""
    written, findings = without_nulls(document.value), list[Diagnostic]()
    while errors := _errors(model, written):
        findings.extend(_finding(error, model, Origin(document), written) for error in errors)
        skipped = [_skipped(error, written) for error in errors]
        if not all(skipped):
            return None, tuple(findings)
        written = reduce(_without, {path: None for paths in skipped for path in paths}, written)
    node = model.model_validate(written)
    stamp(node, document, written)
    return node, tuple(findings)


def _errors(model: type[Node], written: Any) -> Sequence[ErrorDetails]:
    try:
        model.model_validate(written)
    except ValidationError as error:
        return error.errors(include_url=False)
    return ()


def _finding(error: ErrorDetails, model: type[Node], top: Origin, written: Any) -> Diagnostic:
    if error["type"] != "oneof":
        return replace(problem(error, model, top, written), rejected=False)
    origin = top.at(*written_path(error["loc"], written))
    names = [f"`{name}`" for name, _ in error["ctx"]["members"]]
    return ONE_MEMBER(origin, field=origin.field or top.file.strip("<>"), names=" and ".join(names), last=names[-1])


def _skipped(error: ErrorDetails, written: Any) -> tuple[Path, ...]:
    """The fields that istiod skips in spite of the error: an unknown one, or all but the last member of a oneof. Empty
    if istiod does not accept the message.
    """
    path = written_path(error["loc"], written)
    match error["type"]:
        case "extra_forbidden":
            return (path,)
        case "oneof":
            members: Sequence[tuple[str, ...]] = error["ctx"]["members"]
            return tuple(
                (*path, key) for spellings in members[:-1] for key in spellings if key in value_at(written, path)
            )
        case _:
            return ()


def _without(value: Any, path: Path) -> Any:
    """The data without the field at `path`."""
    key, *rest = path
    if not rest:
        return {name: item for name, item in value.items() if name != key}
    if isinstance(value, Mapping):
        return {name: _without(item, tuple(rest)) if name == key else item for name, item in value.items()}
    return [_without(item, tuple(rest)) if index == key else item for index, item in enumerate(value)]
