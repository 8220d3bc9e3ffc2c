"""Filters findings: by the command line, the configuration and a baseline."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

from meshcompile.cli import exit_codes
from meshcompile.cli.console import complain
from meshcompile.cli.policy import policy
from meshcompile.cli.render import write_files
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.findings.baseline import BaselineComparison, baseline, baseline_text, compared
from meshcompile.findings.comments import comments
from meshcompile.findings.policy import judged
from meshcompile.findings.report import findings
from meshcompile.words import counted

if TYPE_CHECKING:
    from meshcompile import Mesh


def judgement(
    mesh: Mesh, found: Sequence[Diagnostic], options: argparse.Namespace, complete: bool
) -> tuple[Sequence[Diagnostic], int]:
    """The findings that are neither excluded nor suppressed, and the number of suppressed ones.

    With `complete`, suppressions that match nothing are findings, too.
    """
    clusters = (mesh.config_cluster, *mesh.remote_clusters.values())
    objects = (resource.origin.document for cluster in clusters for resource in cluster.resources)
    notes = comments((*objects, *(each.origin.document for each in found)))
    outcome = judged(found, policy(options), notes)
    kept = sorted((*outcome.kept, *outcome.unused), key=attrgetter("sort_key")) if complete else outcome.kept
    return kept, outcome.suppressed


def comparison(found: Sequence[Diagnostic], options: argparse.Namespace, threshold: Severity) -> BaselineComparison:
    """The findings, compared with the baseline of the options."""
    known = baseline(options.baseline.read_bytes(), str(options.baseline))
    return compared(findings(found), known, threshold)


def update_baseline(found: Sequence[Diagnostic], options: argparse.Namespace) -> int:
    """Write the findings as the baseline of the options."""
    write_files(options.baseline.parent, {options.baseline.name: baseline_text(findings(found))})
    infos = sum(each.severity is Severity.INFO for each in found)
    beside = f" and {counted(infos, 'info')}" if infos else ""
    complain(f"{counted(len(found) - infos, 'finding')}{beside} written to {options.baseline}")
    return exit_codes.OK
