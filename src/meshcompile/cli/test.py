"""Run tests: follow requests through the mesh, and compare what becomes of them with what is expected."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from meshcompile.cli import exit_codes
from meshcompile.cli.console import UsageError, wants_colour
from meshcompile.cli.coverage import (
    coverage_arguments,
    coverage_of,
    print_suggestions,
    reported_coverage,
    wants_coverage,
)
from meshcompile.cli.inputs import load_mesh, mesh_arguments, reported
from meshcompile.cli.progress import counting, progress
from meshcompile.cli.suites import documents_of, nothing_to_run, selected, suite_arguments, tests_of

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh
    from meshcompile.testing.judge import Judge, Verdict
    from meshcompile.testing.results import SuiteResults
    from meshcompile.testing.suites import MeshTest

FORMATS = ("text", "json", "tap", "github")


def arguments(parser: argparse.ArgumentParser) -> None:
    suite_arguments(parser)
    parser.add_argument("-o", "--output", choices=FORMATS, default="text", help="(default: %(default)s)")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="also write a JUnit report to a file")
    parser.add_argument("--fail-fast", action="store_true", help="stop after the first test that does not pass")
    coverage_arguments(parser)
    mesh_arguments(parser)
    group = parser.add_argument_group("selection", conflict_handler="resolve")  # -k is not --kustomize here
    group.add_argument(
        "-k", dest="selected", metavar="EXPR", default="",
        help="run only tests whose file and name have these words: 'checkout and not slow'",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    from meshcompile.testing.judge import Judge
    from meshcompile.testing.results import SuiteResults

    documents, wrong = documents_of(options)
    if not documents and not wrong and not options.suggest:
        raise _nothing(options)
    with progress("loading"):
        mesh = _mesh(options)
    reading = tests_of(documents, mesh, options)
    tests = selected(reading.tests, options.selected)
    findings = (*wrong, *reading.diagnostics)
    if not tests and not findings and not options.suggest:
        raise nothing_to_run(options, reading)
    judge = Judge(mesh)
    verdicts = tuple(_verdicts(judge, tests, options.fail_fast))
    found = coverage_of(mesh, verdicts) if wants_coverage(options) else None
    if options.suggest and found is not None:
        return print_suggestions(judge, found)
    return _report(SuiteResults(verdicts, findings, found), mesh, options)


def _nothing(options: argparse.Namespace) -> UsageError:
    from meshcompile.testing.suites import SuiteReading

    return nothing_to_run(options, SuiteReading((), ()))


def _mesh(options: argparse.Namespace) -> Mesh:
    """The mesh of the input. Without any, folders with suites are the input too."""
    folders = [path for path in options.suites if Path(path).is_dir()]
    files = options.files or folders
    return load_mesh(argparse.Namespace(**{**vars(options), "files": files}))


def _verdicts(judge: Judge, tests: Sequence[MeshTest], fail_fast: bool) -> Iterator[Verdict]:
    for verdict in counting(judge.verdicts(tests), "ran", len(tests), "test"):
        yield verdict
        if fail_fast and not verdict.passed:
            return


def _report(results: SuiteResults, mesh: Mesh, options: argparse.Namespace) -> int:
    from meshcompile import Severity

    sys.stdout.write(_rendered(results, options))
    if options.junit is not None:
        from meshcompile.testing.formats.junit import junit

        options.junit.write_text(junit(results), encoding="utf-8")
    if options.output in ("text", "tap"):
        reported(results.diagnostics, options)
    rejected = reported((each for each in mesh.diagnostics if each.severity is Severity.ERROR), options)
    low = reported_coverage(results.coverage, options) if results.coverage is not None else exit_codes.OK
    return max(rejected, low) if results.passed else exit_codes.FINDINGS


def _rendered(results: SuiteResults, options: argparse.Namespace) -> str:
    match options.output:
        case "json":
            from meshcompile.cli.render import rendered

            return rendered(results.to_dict(), "json")
        case "tap":
            from meshcompile.testing.formats.tap import tap

            return tap(results)
        case "github":
            from meshcompile.testing.formats.github import github

            return github(results)
        case _:
            from meshcompile.findings.colours import coloured, uncoloured
            from meshcompile.testing.formats.text import text

            paint = coloured if wants_colour(sys.stdout) else uncoloured
            return text(results, paint, verbose=options.verbose)
