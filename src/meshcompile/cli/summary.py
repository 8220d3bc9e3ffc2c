"""A summary of the input and the result, in two lines for stderr."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.words import counted

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh
    from meshcompile.source.sources import Sources

WORKLOADS = frozenset({"Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"})
SHOWN = 5
PASSED = "All checks passed"


def summary(mesh: Mesh, shown: Iterable[Diagnostic], verbose: bool = False) -> Iterator[str]:
    """The summary. With `verbose`, the findings already name the foreign files."""
    kinds = Counter("workload" if kind in WORKLOADS else kind for kind in (*_accepted(mesh), *_rejected(mesh)))
    outcome = verdict(shown)
    yield _read(mesh.sources, kinds)
    if kinds or outcome != PASSED:
        yield outcome
    if mesh.sources.foreign:
        yield f"{_foreign(len(mesh.sources.foreign))}{'' if verbose else '; use -v to list them'}"


def verdict(diagnostics: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning`, or `All checks passed`."""
    severities = Counter(finding.severity for finding in diagnostics)
    counts = [counted(severities[severity], str(severity)) for severity in Severity if severities[severity]]
    passed = not severities[Severity.ERROR] and not severities[Severity.WARNING]
    return ", ".join([PASSED, *counts] if passed else counts)


def _read(sources: Sources, kinds: Mapping[str, int]) -> str:
    """`12 objects in 5 files: 9 Services, 2 workloads, 1 Gateway`, or a note that nothing was checked."""
    if not sources.documents:
        return "no objects found: nothing was checked"
    objects = f"{counted(sources.documents, 'object')} in {counted(sources.files, 'file')}"
    if not kinds:
        return f"{objects}, of kinds that meshcompile does not read: nothing was checked"
    return f"{objects}: {_kinds(kinds, sources.documents)}"


def _foreign(number: int) -> str:
    return f"{counted(number, 'other file')} {'contains' if number == 1 else 'contain'} no Kubernetes object"


def _kinds(kinds: Mapping[str, int], documents: int) -> str:
    """The most frequent kinds with their counts, and the number of the other objects."""
    ordered = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
    rest = documents - sum(number for _, number in ordered)
    return ", ".join([*(counted(number, kind) for kind, number in ordered), *([f"{rest} more"] if rest > 0 else [])])


def _accepted(mesh: Mesh) -> Iterator[str]:
    """The kind of each accepted object."""
    clusters = (mesh.config_cluster, *mesh.remote_clusters.values())
    return (resource.kind for cluster in clusters for resource in cluster.resources)


def _rejected(mesh: Mesh) -> Iterator[str]:
    """The kind of each rejected object, once per object."""
    documents = {
        finding.origin.document: finding.kind for finding in mesh.diagnostics if finding.rejected and finding.kind
    }
    return iter(documents.values())
