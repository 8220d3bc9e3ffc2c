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

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh
    from meshcompile.testing.judge import Judge, Verdict
    from meshcompile.testing.results import SuiteResults
    from meshcompile.testing.suites import MeshTest, SuiteReading

FORMATS = ("text", "json", "tap", "github")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "suites",
        nargs="*",
        metavar="PATH",
        help="suite, or folder with *.meshtest.yaml files (default: the folders of the input)",
    )
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

    reading = _reading(options)
    tests = _selected(reading.tests, options.selected)
    if not tests and not reading.diagnostics and not options.suggest:
        raise UsageError(_nothing(options, reading))
    with progress("loading"):
        mesh = _mesh(options)
    judge = Judge(mesh)
    verdicts = tuple(_verdicts(judge, tests, options.fail_fast))
    found = coverage_of(mesh, verdicts) if wants_coverage(options) else None
    if options.suggest and found is not None:
        return print_suggestions(judge, found)
    return _report(SuiteResults(verdicts, reading.diagnostics, found), mesh, options)


def _reading(options: argparse.Namespace) -> SuiteReading:
    """The tests of the suites. Raises UnreadableInput if a file cannot be read."""
    from meshcompile.cli.limits import limits
    from meshcompile.documents import Document
    from meshcompile.source.ignored import Selection
    from meshcompile.source.reading import UNREADABLE, UnreadableInput
    from meshcompile.source.suites import suite_documents, suite_files
    from meshcompile.testing.suites import suites

    paths = options.suites or options.files
    files = (
        suite_files(paths, Selection(tuple(options.exclude), options.gitignore))
        if options.suites
        else suite_files(path for path in paths if Path(path).is_dir())
    )
    found = list(suite_documents(files, limits(options)))
    wrong = tuple(each for each in found if not isinstance(each, Document))
    if any(each.code in UNREADABLE for each in wrong):
        raise UnreadableInput(wrong)
    return suites(each for each in found if isinstance(each, Document))


def _selected(tests: Sequence[MeshTest], expression: str) -> tuple[MeshTest, ...]:
    if not expression:
        return tuple(tests)
    from meshcompile.testing.selection import selection

    selects = selection(expression)
    return tuple(test for test in tests if selects(f"{test.origin.file} {test.name}"))


def _nothing(options: argparse.Namespace, reading: SuiteReading) -> str:
    if reading.tests:
        return f"-k {options.selected!r} selects none of {len(reading.tests)} tests"
    where = ", ".join(options.suites) or "the folders of the input"
    return f"no tests in {where}: suites are files named *.meshtest.yaml"


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
    if options.output == "text":
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
