"""Checks of installed packages: functions from a Mesh to diagnostics, in the entry point group `meshcompile.checks`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from meshcompile.codes.project import CHECK_FAILED
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin

if TYPE_CHECKING:
    from meshcompile.mesh import Mesh

GROUP = "meshcompile.checks"


def findings_of_plugins(mesh: Mesh) -> Iterator[Diagnostic]:
    """The findings of all installed checks. A check that fails is a finding."""
    for entry_point in sorted(entry_points(group=GROUP)):
        yield from _findings(entry_point, mesh)


def _findings(entry_point: EntryPoint, mesh: Mesh) -> tuple[Diagnostic, ...]:
    try:
        return tuple(_checked(entry_point.load()(mesh)))
    except Exception as error:
        place = Origin(Document(f"<{entry_point.value}>", {}))
        return (CHECK_FAILED(place, check=entry_point.name, problem=f"{type(error).__name__}: {error}"),)


def _checked(found: Iterable[object]) -> Iterator[Diagnostic]:
    """The findings of a check. Raises TypeError for anything else."""
    for each in found:
        if not isinstance(each, Diagnostic):
            raise TypeError(f"expected a Diagnostic, found {type(each).__name__}")
        yield each
