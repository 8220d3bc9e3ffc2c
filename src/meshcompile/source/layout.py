"""The layout of a folder: its Helm charts and kustomizations, and the files that belong to them.

Nothing is rendered here. A chart's templates need values to become objects, and only Kustomize applies a
kustomization's patches. Each chart and kustomization gets one finding.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from meshcompile.codes.source import HELM_CHART, KUSTOMIZATION, NOT_RENDERED
from meshcompile.diagnostics import Diagnostic
from meshcompile.source.files import place
from meshcompile.source.folders import KUSTOMIZATIONS, SOURCES

PATCH = "a Kustomize patch"

PARTS: Mapping[str, str] = {
    "patches": PATCH,
    "patchesStrategicMerge": PATCH,
    "patchesJson6902": PATCH,
    "replacements": "a Kustomize replacement",
    "generators": "a Kustomize generator",
    "transformers": "a Kustomize transformer",
    "validators": "a Kustomize validator",
    "configurations": "a Kustomize configuration",
    "crds": "a Kustomize configuration",
    "configMapGenerator": "data of a ConfigMap",
    "secretGenerator": "data of a Secret",
    "helmCharts": "Helm values",
}
"""Fields of a kustomization that name files, and the kind of these files."""

REFERENCES = ("resources", "bases", "components")
PATHS = ("path", "files", "envs", "env", "valuesFile", "additionalValuesFiles")
NEUTRAL = frozenset(
    [
        "apiVersion",
        "kind",
        "metadata",
        "resources",
        "bases",
        "buildMetadata",
        "sortOptions",
        "openapi",
        "crds",
        "configurations",
        "validators",
        "generatorOptions",
        "helmGlobals",
        "images",
        "vars",
    ]
)
"""Fields of a kustomization that do not affect proxies. All other fields do."""

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob")


class Kustomization(Struct, frozen=True):
    """A kustomization, and the files and folders that it names."""

    file: str
    value: Mapping[str, Any]

    @property
    def folder(self) -> str:
        return os.path.dirname(self.file)

    def named(self, field: str) -> Iterator[str]:
        """The paths that a field names."""
        value = self.value.get(field)
        for path in _paths(value if isinstance(value, list) else [value]):
            yield os.path.normpath(os.path.join(self.folder, path))

    @property
    def references(self) -> frozenset[str]:
        return frozenset(path for field in REFERENCES for path in self.named(field))

    @property
    def applies(self) -> Iterator[str]:
        """The fields that change its resources."""
        yield from (key for key, value in self.value.items() if value and key not in NEUTRAL)
        if any(_is_remote(path) for field in REFERENCES for path in _paths(self.value.get(field) or ())):
            yield "remote resources"


class Layout(Struct, frozen=True):
    """The charts and kustomizations among the files in a folder."""

    claimed: Mapping[str, str]
    """Files that belong to a chart or a kustomization and are not read as objects, each with its description."""
    findings: tuple[Diagnostic, ...]
    charts: tuple[str, ...]
    """The folders of charts."""
    kustomized: tuple[str, ...]
    """The folders of kustomizations."""
    resources: frozenset[str]
    """The files and folders that kustomizations name as resources."""

    def is_of_chart(self, file: str) -> bool:
        """Whether a file is in the folder of a chart."""
        return file.startswith(tuple(os.path.join(chart, "") for chart in self.charts))

    def is_patch(self, file: str, value: object) -> bool:
        """Whether an object is a patch that no kustomization in the folder names: a workload without Pods.

        Another folder may have the kustomization that names it, or a program such as Flux may generate it.
        """
        if not isinstance(value, Mapping) or value.get("kind") not in WORKLOADS or not self.kustomized:
            return False
        spec = value.get("spec")
        incomplete = isinstance(spec, Mapping) and spec.keys().isdisjoint(("template", "jobTemplate"))
        path = os.path.normpath(file)
        return incomplete and path not in self.resources and any(map(_holder_of(path), self.kustomized))


def layout(files: Sequence[str], value_of: Callable[[str], object]) -> Layout:
    """The layout of a folder's files. `value_of` reads the plain data of a file."""
    charts = tuple(_charts(files))
    kustomizations = tuple(_kustomizations(files, value_of))
    claimed = {file: what for chart in charts for file, what in _of_chart(chart, files)}
    claimed |= _of_kustomizations(kustomizations, files)
    claimed |= {file: SOURCES[suffix][0] for file in files if (suffix := os.path.splitext(file)[1]) in SOURCES}
    findings = (*map(_chart_finding, charts), *_kustomization_findings(kustomizations), *_source_findings(files))
    return Layout(
        claimed,
        findings,
        charts,
        tuple(os.path.normpath(one.folder) for one in kustomizations),
        frozenset(path for one in kustomizations for path in one.references),
    )


def _charts(files: Iterable[str]) -> Iterator[str]:
    """The folders of charts that are not parts of other charts."""
    folders = [os.path.dirname(file) for file in files if os.path.basename(file) == "Chart.yaml"]
    parts = tuple(os.path.join(folder, "charts", "") for folder in folders)
    return (folder for folder in folders if not os.path.join(folder, "").startswith(parts))


def _of_chart(chart: str, files: Iterable[str]) -> Iterator[tuple[str, str]]:
    templates, parts = os.path.join(chart, "templates", ""), os.path.join(chart, "charts", "")
    for file in files:
        if file.startswith(templates):
            yield file, "a template of a Helm chart"
        elif file.startswith(parts):
            yield file, "a part of a Helm chart"


def _chart_finding(chart: str) -> Diagnostic:
    folder = shlex.quote(chart or ".")
    suggestion = f"render it: `helm template {folder} | meshcompile validate -f -`, or give it as `--helm {folder}`"
    return HELM_CHART(place(os.path.join(chart, "Chart.yaml")), chart=chart or ".", suggestion=suggestion)


def _kustomizations(files: Iterable[str], value_of: Callable[[str], object]) -> Iterator[Kustomization]:
    for file in files:
        if os.path.basename(file) in KUSTOMIZATIONS:
            value = value_of(file)
            given = value if isinstance(value, Mapping) else {}
            if str(given.get("apiVersion") or _GROUP).startswith(_GROUP):
                yield Kustomization(file, given)


_GROUP = "kustomize.config.k8s.io/"


def _of_kustomizations(kustomizations: Iterable[Kustomization], files: Iterable[str]) -> dict[str, str]:
    """The kustomizations, and the files that they name and that are not objects."""
    written = {os.path.normpath(file): file for file in files}
    claimed = {one.file: "a kustomization" for one in kustomizations}
    for one in kustomizations:
        for field, what in PARTS.items():
            claimed |= {written[path]: what for path in one.named(field) if path in written}
    return claimed


def _kustomization_findings(kustomizations: Sequence[Kustomization]) -> Iterator[Diagnostic]:
    """A finding for each kustomization that is not part of another one, with the fields that are not applied."""
    by_folder = {os.path.normpath(one.folder): one for one in kustomizations}
    parts = {path for one in kustomizations for path in one.references if path != os.path.normpath(one.folder)}
    for path, one in by_folder.items():
        applied = sorted({field for part in _closure(path, by_folder) for field in part.applies})
        if path not in parts and applied:
            yield _kustomization_finding(one, applied)


def _kustomization_finding(one: Kustomization, applied: Sequence[str]) -> Diagnostic:
    folder = shlex.quote(one.folder or ".")
    suggestion = f"render it: `kubectl kustomize {folder} | meshcompile validate -f -`, or give it as `-k {folder}`"
    fields = ", ".join(applied)
    return KUSTOMIZATION(place(one.file), folder=one.folder or ".", fields=fields, suggestion=suggestion)


def _closure(path: str, by_folder: Mapping[str, Kustomization]) -> Iterator[Kustomization]:
    """A kustomization and all kustomizations that it includes."""
    waiting, seen = [path], set[str]()
    while waiting:
        path = waiting.pop()
        if path in by_folder and path not in seen:
            seen.add(path)
            yield by_folder[path]
            waiting += by_folder[path].references


def _source_findings(files: Iterable[str]) -> Iterator[Diagnostic]:
    """A finding for each language whose programs generate objects."""
    by_language: dict[tuple[str, str], list[str]] = {}
    for file in files:
        if (suffix := os.path.splitext(file)[1]) in SOURCES:
            by_language.setdefault(SOURCES[suffix], []).append(file)
    for (what, command), sources in by_language.items():
        one = len(sources) == 1
        noun = f"a {what} file is" if one else f"{len(sources)} {what} files are"
        yield NOT_RENDERED(place(sources[0]), what=noun, them="it" if one else "them", suggestion=f"use `{command}`")


def _paths(value: object) -> Iterator[str]:
    """The paths in a field of a kustomization; `name=path` names the data and its file."""
    match value:
        case str():
            yield value.rpartition("=")[2]
        case list():
            for item in value:
                yield from _paths(item)
        case Mapping():
            yield from _paths([value.get(key) for key in PATHS])
        case _:
            pass


def _is_remote(path: str) -> bool:
    return "://" in path or "?ref=" in path or path.startswith(("github.com/", "git@"))


def _holder_of(path: str) -> Callable[[str], bool]:
    """A predicate: whether a folder contains the path."""
    return lambda folder: folder == "." or path.startswith(os.path.join(folder, ""))
