"""Builds models from documents. Findings have a source location. A rejected object is not part of the mesh.

The rules are those of the API server, which are stricter than protobuf's JSON. It accepts only lowerCamelCase names,
unquoted numbers, enums by name, and null only for wrapper types. Models that are validated directly, such as a mesh
config, accept everything that protobuf's JSON accepts.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from meshcompile.codes import models as codes
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin
from meshcompile.documents.document import is_mapping
from meshcompile.models.base import ADMITTED, Node, Resource, nested_models, stamp
from meshcompile.models.common import IstioResource
from meshcompile.models.nulls import refused_nulls
from meshcompile.models.problems import problem, type_name, wrong_type
from meshcompile.models.registry import CUSTOM_WORKLOAD, find, is_built_in_group, is_gateway_api

MAX_PROBLEMS = 20
SCALARS = (bool, int, float)
"""The types that YAML may produce where a string was meant."""
PLAIN = frozenset({str, type(None)})
"""The Python types of a string field that may be absent."""
ENCRYPTED = "sops"
"""The field that SOPS adds to an object with encrypted values. SOPS removes it before the object reaches a cluster."""


def read(document: Document, namespace: str = "default") -> tuple[Resource | None, tuple[Diagnostic, ...]]:
    """The object in ``document``, and findings about it. ``namespace`` applies if the object names none.

    The object is None if it is rejected or if its kind is not supported.
    """
    findings = () if _has_known_type(document.value) else tuple(_type_problems(document))
    if findings:
        return None, findings
    findings = _field_problems(document)
    if findings and any(finding.rejected for finding in findings):
        return None, _limited(document, findings)
    kind = find(document.value["apiVersion"], document.value["kind"]) or CUSTOM_WORKLOAD
    written = _with_metadata(document.value, namespace if kind.namespaced else "")
    resource, problems = _validated(kind.model, document, written)
    rejected = any(found.rejected for found in problems)
    return (None if rejected else resource), _limited(document, (*findings, *problems))


def _field_problems(document: Document) -> tuple[Diagnostic, ...]:
    """Findings about the fields of an object, modelled or not. At most one per place."""
    scalars = () if _metadata_is_text(document.value) else tuple(_scalar_problems(document))
    problems = _built_in_problems(document)
    if not scalars:
        return tuple(problems)
    places = {finding.origin.path for finding in scalars}
    return (*scalars, *(finding for finding in problems if finding.origin.path not in places))


def _metadata_is_text(value: Mapping[str, Any]) -> bool:
    """Whether all names, labels and annotations of an object are strings. A fast check."""
    metadata = value.get("metadata") or {}
    name, namespace = metadata.get("name"), metadata.get("namespace")
    labels, annotations = metadata.get("labels"), metadata.get("annotations")
    return (
        name.__class__ in PLAIN
        and namespace.__class__ in PLAIN
        and (not labels or (isinstance(labels, dict) and PLAIN.issuperset(map(type, labels.values()))))
        and (not annotations or (isinstance(annotations, dict) and PLAIN.issuperset(map(type, annotations.values()))))
    )


def _built_in_problems(document: Document) -> Iterable[Diagnostic]:
    """Findings about the fields of an object of a built-in Kubernetes kind."""
    if not is_built_in_group(document.value["apiVersion"]) or ENCRYPTED in document.value:
        return ()
    from meshcompile.models.kubernetes.fields import field_problems  # for a fast start: Istio's kinds do not need it

    return field_problems(document)


def _scalar_problems(document: Document) -> Iterator[Diagnostic]:
    """Numbers and booleans in an object's metadata, for example `name: no`. The API server accepts only strings.

    Istio's own reader converts them to strings such as `false`, so the object is part of the mesh.
    """
    metadata, place = document.value.get("metadata") or {}, Origin(document, ("metadata",))
    for field in ("name", "namespace"):
        if isinstance(value := metadata.get(field), SCALARS):
            yield wrong_type(place.at(field), "text", value, rejected=False)
    for field in ("labels", "annotations"):
        entries = metadata.get(field)
        for key, value in entries.items() if isinstance(entries, Mapping) else ():
            if isinstance(value, SCALARS):
                yield wrong_type(place.at(field, key), "text", value, rejected=False)


def _has_known_type(value: Any) -> bool:
    """Whether a document is an object of a supported kind with a name. This fast check is enough for most documents."""
    if value.__class__ is not dict:
        return False
    api_version, kind, metadata = value.get("apiVersion"), value.get("kind"), value.get("metadata")
    if not (isinstance(api_version, str) and isinstance(kind, str) and isinstance(metadata, dict)):
        return False
    return bool(metadata.get("name")) and find(api_version, kind) is not None


def _type_problems(document: Document) -> Iterator[Diagnostic]:
    """Findings about a document that is not an object of a supported kind."""
    value, top = document.value, Origin(document)
    if not is_mapping(value):
        yield codes.NOT_AN_OBJECT(top, found=type_name(value), rejected=True)
        return
    untyped = [problem for field in ("apiVersion", "kind") if (problem := _type_field_problem(field, value, top))]
    if untyped:
        yield from untyped
        return
    api_version, kind = value["apiVersion"], value["kind"]
    known = find(api_version, kind)
    if known is None and (verdict := _verdict(top, value)):
        yield verdict
        yield from _built_in_problems(document)
    elif not is_mapping(value.get("metadata") or {}):
        yield codes.WRONG_TYPE(
            top.at("metadata"),
            field="metadata",
            expected="an object",
            found=type_name(value["metadata"]),
            rejected=True,
        )
    elif _name(value.get("metadata") or {}) is None and (known is None or known.named):
        yield codes.MISSING_NAME(top.at("metadata") if "metadata" in value else top, rejected=True)


def _name(metadata: Mapping[str, Any]) -> object | None:
    """The name of an object, or None. A generated name ends in five zeros here."""
    name: object = metadata.get("name")
    generated = metadata.get("generateName")
    if name not in (None, ""):
        return name
    return f"{generated}00000" if isinstance(generated, str) and generated else None


def _verdict(top: Origin, value: Mapping[str, Any]) -> Diagnostic | None:
    """The finding about an object of a kind without a model. None for an object that creates pods."""
    from meshcompile.models.kubernetes.custom_workload import makes_pods  # for a fast start: few kinds have no model
    from meshcompile.models.unread import unread

    verdict = unread(top, value["apiVersion"], value["kind"])
    return None if verdict.code == codes.PASSED_OVER.id and makes_pods(value) else verdict


def _type_field_problem(field: str, value: Mapping[str, Any], top: Origin) -> Diagnostic | None:
    """The finding about an `apiVersion` or `kind` that is absent, misspelled or not a string."""
    written = value.get(field)
    if isinstance(written, str) and written:
        return None
    if isinstance(written, SCALARS):
        advice = f"it is {type_name(written)}: put it in quotes"
        return codes.MISSING_TYPE(top.at(field), field=field, rejected=True, suggestion=advice)
    spelt = next((key for key in value if key != field and key.lower() == field.lower()), None)
    place = top.at(spelt or field) if spelt or field in value else top
    advice = f"write `{field}` instead of `{spelt}`" if spelt else ""
    return codes.MISSING_TYPE(place, field=field, rejected=True, suggestion=advice)


def _with_metadata(value: Mapping[str, Any], namespace: str) -> Mapping[str, Any]:
    """The object with a namespace, and without nulls in its metadata, which have no effect."""
    metadata = {key: field for key, field in (value.get("metadata") or {}).items() if field is not None}
    if namespace and not metadata.get("namespace"):
        metadata["namespace"] = namespace
    if (name := _name(metadata)) is not None:
        metadata["name"] = name
    return {**value, "metadata": metadata}


def _validated(
    model: type[Resource], document: Document, written: Mapping[str, Any]
) -> tuple[Resource | None, tuple[Diagnostic, ...]]:
    """The object as a model with its origin, or the findings that reject it."""
    istio = issubclass(model, IstioResource)
    try:
        resource = model.model_validate(written, by_alias=True, by_name=False, context=ADMITTED)
    except ValidationError as error:
        if not istio and (given := _without_null_fields(model, written)) != written:
            return _validated(model, document, given)
        return None, tuple(_explained(error, model, document, written))
    has_null = stamp(resource, document, written)
    if "spec" not in written and isinstance(spec := getattr(resource, "spec", None), Node):
        stamp(spec, document, {}, ("spec",))  # so that findings about an absent spec point at its object
    if istio:
        return resource, tuple(refused_nulls(resource, written)) if has_null else ()
    return resource, _pruned_fields(resource, document) if is_gateway_api(document.value["apiVersion"]) else ()


def _pruned_fields(resource: Resource, document: Document) -> tuple[Diagnostic, ...]:
    from meshcompile.models.gateway_api.base import pruned_fields  # for a fast start: other kinds do not need it

    return tuple(pruned_fields(resource, document.value))


def _explained(
    error: ValidationError, model: type[Resource], document: Document, written: Mapping[str, Any]
) -> Iterator[Diagnostic]:
    """pydantic's errors as diagnostics, at most one per place."""
    places = set()
    for detail in error.errors(include_url=False):
        diagnostic = problem(detail, model, Origin(document), written)
        if diagnostic.origin.path not in places:
            places.add(diagnostic.origin.path)
            yield diagnostic


def _without_null_fields(model: type[Node], value: Any) -> Any:
    """``value`` without the fields of ``model`` that are null. Kubernetes treats them as absent."""
    if not isinstance(value, Mapping):
        return value
    below = nested_models(model)
    return {key: _without_nulls_below(below.get(key), item) for key, item in value.items() if item is not None}


def _without_nulls_below(model: type[Node] | None, value: Any) -> Any:
    """The value of a field that holds nodes of ``model``, directly or in a list, without null fields."""
    if model is None:
        return value
    if isinstance(value, list):
        return [_without_null_fields(model, item) for item in value]
    return _without_null_fields(model, value)


def _limited(document: Document, problems: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The first findings in the order of the text, and the number of the others."""
    shown = sorted(problems)
    if len(shown) <= MAX_PROBLEMS:
        return tuple(shown)
    rest = codes.MORE_PROBLEMS(Origin(document), count=len(shown) - MAX_PROBLEMS, rejected=True)
    return (*shown[:MAX_PROBLEMS], rest)
