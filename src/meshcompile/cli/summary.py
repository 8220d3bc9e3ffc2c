"""What was read and how it went, in two lines for stderr."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from meshcompile.cli.console import counted
from meshcompile.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh

WORKLOADS = frozenset({"Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"})
SHOWN = 5
PASSED = "All checks passed"


def summary(mesh: Mesh, shown: Iterable[Diagnostic]) -> Iterator[str]:
    """What was read, and what became of it."""
    objects = [*_accepted(mesh), *_rejected(mesh.diagnostics)]
    outcome = verdict(shown)
    if objects:
        yield _tally(objects)
        yield outcome
    else:
        yield "no object was read, so nothing was checked"
        if outcome != PASSED:
            yield outcome


def verdict(diagnostics: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning`, or `All checks passed`."""
    severities = Counter(found.severity for found in diagnostics)
    counts = [counted(severities[severity], str(severity)) for severity in Severity if severities[severity]]
    passed = not severities[Severity.ERROR] and not severities[Severity.WARNING]
    return ", ".join([PASSED, *counts] if passed else counts)


FileAndKind = tuple[str, str]


def _accepted(mesh: Mesh) -> Iterator[FileAndKind]:
    clusters = (mesh.config_cluster, *mesh.remote_clusters.values())
    return ((resource.origin.file, resource.kind) for cluster in clusters for resource in cluster.resources)


def _rejected(diagnostics: Iterable[Diagnostic]) -> Iterator[FileAndKind]:
    """Each rejected object once, however much is wrong with it."""
    documents = {found.origin.document: found for found in diagnostics if found.rejected and found.kind}
    return ((found.file, found.kind) for found in documents.values())


def _tally(objects: Sequence[FileAndKind]) -> str:
    """`12 objects in 5 files: 9 Services, 2 workloads, 1 Gateway`."""
    files = len({file for file, _ in objects})
    kinds = Counter("workload" if kind in WORKLOADS else kind for _, kind in objects)
    return f"{counted(len(objects), 'object')} in {counted(files, 'file')}: {_kinds(kinds)}"


def _kinds(kinds: Mapping[str, int]) -> str:
    """The commonest kinds with their counts, the rest as a number."""
    ordered = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(number for _, number in ordered[SHOWN:])
    return ", ".join([counted(number, kind) for kind, number in ordered[:SHOWN]] + ([f"{rest} more"] if rest else []))
