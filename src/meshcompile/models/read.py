"""Documents into models: what is wrong is said with its place, and an object that is wrong takes no part.

Objects are read as the API server admits them, which is narrower than protobuf's JSON: it takes lowerCamelCase names
only, numbers without quotes, enums by name, and null only for wrappers. Models validated directly, such as a mesh
config, take all that protobuf's JSON takes.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from meshcompile.codes import models as codes
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import ADMITTED, Node, Resource, stamp
from meshcompile.models.common import IstioResource
from meshcompile.models.nulls import refused_nulls
from meshcompile.models.problems import problem, type_name
from meshcompile.models.registry import CUSTOM_WORKLOAD, find
from meshcompile.source import Document, Origin

MAX_PROBLEMS = 20


def read(document: Document, namespace: str = "default") -> tuple[Resource | None, tuple[Diagnostic, ...]]:
    """The object that ``document`` holds, in ``namespace`` unless it names one, and what is wrong with it.

    None for an object that is rejected, and for a kind that is not read.
    """
    findings = tuple(_type_problems(document))
    if findings:
        return None, findings
    kind = find(document.value["apiVersion"], document.value["kind"]) or CUSTOM_WORKLOAD
    written = _with_metadata(document.value, namespace if kind.namespaced else "")
    resource, problems = _validated(kind.model, document, written)
    return (None if problems else resource), _limited(document, problems)


def _type_problems(document: Document) -> Iterator[Diagnostic]:
    """Why the document is no object of a kind that is read."""
    value, top = document.value, Origin(document)
    if not isinstance(value, Mapping):
        yield codes.NOT_AN_OBJECT(top, found=type_name(value), rejected=True)
        return
    missing = [field for field in ("apiVersion", "kind") if not _is_text(value.get(field))]
    for field in missing:
        yield codes.MISSING_TYPE(top.at(field) if field in value else top, field=field, rejected=True)
    if missing:
        return
    api_version, kind = value["apiVersion"], value["kind"]
    known = find(api_version, kind)
    if known is None and (verdict := _verdict(top, value)):
        yield verdict
    elif not isinstance(value.get("metadata") or {}, Mapping):
        yield codes.WRONG_TYPE(
            top.at("metadata"),
            field="metadata",
            expected="an object",
            found=type_name(value["metadata"]),
            rejected=True,
        )
    elif not _name(value.get("metadata") or {}) and (known is None or known.named):
        yield codes.MISSING_NAME(top.at("metadata") if "metadata" in value else top, rejected=True)


def _name(metadata: Mapping[str, Any]) -> object:
    """The name of an object; one that the API server would make ends in five zeros here."""
    generated = metadata.get("generateName")
    return metadata.get("name") or (f"{generated}00000" if _is_text(generated) else "")


def _verdict(top: Origin, value: Mapping[str, Any]) -> Diagnostic | None:
    """What is said about an object of a kind without a model; None for one that makes Pods, and is read for that."""
    from meshcompile.models.kubernetes.custom_workload import makes_pods  # for a fast start: few kinds have no model
    from meshcompile.models.unread import unread

    verdict = unread(top, value["apiVersion"], value["kind"])
    return None if verdict.code == codes.PASSED_OVER.id and makes_pods(value) else verdict


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _with_metadata(value: Mapping[str, Any], namespace: str) -> Mapping[str, Any]:
    """The object in a namespace and without nulls in its metadata, which mean nothing."""
    metadata = {key: field for key, field in (value.get("metadata") or {}).items() if field is not None}
    if namespace and not metadata.get("namespace"):
        metadata["namespace"] = namespace
    if name := _name(metadata):
        metadata["name"] = name
    return {**value, "metadata": metadata}


def _validated(
    model: type[Resource], document: Document, written: Mapping[str, Any]
) -> tuple[Resource | None, tuple[Diagnostic, ...]]:
    """The object as a model that knows its place, or all that is wrong with it."""
    istio = issubclass(model, IstioResource)
    try:
        resource = model.model_validate(written, by_alias=True, by_name=False, context=ADMITTED)
    except ValidationError as error:
        if not istio and (given := _without_nulls(written)) != written:
            return _validated(model, document, given)
        return None, tuple(_explained(error, model, document, written))
    stamp(resource, document, written)
    if "spec" not in written and isinstance(spec := getattr(resource, "spec", None), Node):
        stamp(spec, document, {}, ("spec",))  # so that problems of an absent spec point at its object
    return resource, tuple(refused_nulls(resource, written)) if istio else ()


def _explained(
    error: ValidationError, model: type[Resource], document: Document, written: Mapping[str, Any]
) -> Iterator[Diagnostic]:
    """What pydantic found, in the words of the user's text; each place once."""
    places = set()
    for found in error.errors(include_url=False):
        diagnostic = problem(found, model, Origin(document), written)
        if diagnostic.origin.path not in places:
            places.add(diagnostic.origin.path)
            yield diagnostic


def _without_nulls(value: Any) -> Any:
    """``value`` without fields that are null: Kubernetes takes them as absent."""
    if isinstance(value, Mapping):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _limited(document: Document, problems: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The first problems in the order of the text, and how many there are beyond."""
    shown = sorted(problems)
    if len(shown) <= MAX_PROBLEMS:
        return tuple(shown)
    rest = codes.MORE_PROBLEMS(Origin(document), count=len(shown) - MAX_PROBLEMS, rejected=True)
    return (*shown[:MAX_PROBLEMS], rest)
