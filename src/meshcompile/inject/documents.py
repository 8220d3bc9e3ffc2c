"""The injection of a text with YAML documents.

Follows `IntoResourceFile` and `IntoObject` (pkg/kube/inject/inject.go). The text ends with the document before the
first one that cannot be injected.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.codes.kube_inject import INJECTION_FAILED, NOT_INJECTED
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.documents import Document, Origin
from meshcompile.documents.limits import DEFAULT_LIMITS
from meshcompile.documents.malformed import Malformed
from meshcompile.documents.stream import Reader
from meshcompile.inject.chunks import SEPARATOR, chunks
from meshcompile.inject.decision import InjectionCandidate, injects
from meshcompile.inject.pod import PROXY_CONFIG_ANNOTATION, injected_pod
from meshcompile.inject.pods import annotations_of, labels_of
from meshcompile.inject.problems import InjectionProblem, described
from meshcompile.inject.settings import InjectionSettings
from meshcompile.inject.typed import Json, typed
from meshcompile.inject.workloads import SHAPES, WorkloadShape, owner_of, pod_in, with_pod
from meshcompile.inject.yaml_text import yaml_text
from meshcompile.source.objects import malformed_finding


class InjectedText(Struct, frozen=True):
    """The documents after injection, each followed by `---`, and findings in the order of the documents."""

    text: str
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def failed(self) -> bool:
        """True if the text ends early, because a document cannot be injected."""
        return any(each.severity is Severity.ERROR for each in self.diagnostics)


def injected_text(text: str, file: str, settings: InjectionSettings) -> InjectedText:
    """The documents of a text after injection. Those without Pods keep their bytes."""
    done, findings = list[str](), list[Diagnostic]()
    reader = Reader(DEFAULT_LIMITS)
    for index, chunk in enumerate(chunks(text)):
        part = next(iter(reader.documents(chunk.text, chunk.line)), None)
        if isinstance(part, Malformed):
            findings.append(malformed_finding(file, part, chunk.text, 0))
            break
        document = Document(file, None, index) if part is None else Document(file, part.value, index, part.excerpt)
        try:
            printed = _injected(document, settings, findings)
        except InjectionProblem as problem:
            findings.append(_failure(document, problem))
            break
        done.append(f"{chunk.text if printed is None else printed}{SEPARATOR}\n")
    return InjectedText("".join(done), tuple(findings))


def _failure(document: Document, problem: InjectionProblem) -> Diagnostic:
    place = Origin(document, problem.path)
    what = f"{document.kind} {document.name}".strip() or "the document"
    return INJECTION_FAILED(place, what=what, problem=problem.message, suggestion=problem.suggestion)


def _injected(document: Document, settings: InjectionSettings, findings: list[Diagnostic]) -> str | None:
    """The YAML of an object after injection. None for an object without a Pod."""
    value = document.value
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise InjectionProblem(f"expected an object, found {described(value)}")
    if value.get("kind") == "List":
        return yaml_text(_list(document, settings, findings))
    shape = _shape(value)
    return None if shape is None else yaml_text(_workload(value, shape, Origin(document), settings, findings))


def _shape(value: Any) -> WorkloadShape | None:
    kind = value.get("kind") if isinstance(value, Mapping) else None
    return SHAPES.get(kind) if isinstance(kind, str) else None


def _list(document: Document, settings: InjectionSettings, findings: list[Diagnostic]) -> Json:
    """A List with its items after injection. Items without Pods stay as they are."""
    value = document.value
    listed = typed({key: item for key, item in value.items() if key != "items"}, "List")
    items = value.get("items")
    if items is None:
        return {**listed, "items": None}
    if not isinstance(items, list):
        raise InjectionProblem(f"expected a list, found {described(items)}", ("items",))
    places = (Origin(document, ("items", index)) for index in range(len(items)))
    return {**listed, "items": [_item(*each, settings, findings) for each in zip(items, places, strict=True)]}


def _item(value: Any, place: Origin, settings: InjectionSettings, findings: list[Diagnostic]) -> Any:
    shape = _shape(value)
    if shape is None:
        return value
    try:
        return _workload(value, shape, place, settings, findings)
    except InjectionProblem as problem:
        raise problem.below(*place.path) from None


def _workload(
    value: Any, shape: WorkloadShape, place: Origin, settings: InjectionSettings, findings: list[Diagnostic]
) -> Json:
    """A workload as Go prints it, with its Pod after injection."""
    workload = typed(value, shape.type)
    pod, owner = pod_in(workload, shape), owner_of(workload, shape)
    candidate = InjectionCandidate(
        pod["metadata"].get("namespace", ""), labels_of(pod), annotations_of(pod), pod["spec"].get("hostNetwork", False)
    )
    written = annotations_of(pod).get(PROXY_CONFIG_ANNOTATION)
    try:
        if written is not None and not candidate.host_network:
            settings = _with_config(settings, written)
        if injects(candidate):
            return with_pod(workload, shape, injected_pod(pod, owner, settings))
    except InjectionProblem as problem:
        raise problem.below(*_prefix(problem, shape)) from None
    why = "host networking enabled" if candidate.host_network else "sidecar injection disabled"
    name = replace(owner, name=pod["metadata"].get("name") or owner.name).full_name
    findings.append(NOT_INJECTED(place, kind=owner.kind, name=name, why=why))
    return workload


def _with_config(settings: InjectionSettings, written: str) -> InjectionSettings:
    """The settings with the proxy config of an annotation."""
    try:
        return settings.with_annotation(written)
    except InjectionProblem as problem:
        place = ("metadata", "annotations", PROXY_CONFIG_ANNOTATION)
        raise InjectionProblem(f"annotation {PROXY_CONFIG_ANNOTATION}: {problem.message}", place) from None


def _prefix(problem: InjectionProblem, shape: WorkloadShape) -> tuple[str | int, ...]:
    """Where the Pod is whose metadata a problem names."""
    return shape.metadata[:-1] if problem.path[:1] == ("metadata",) else ()
