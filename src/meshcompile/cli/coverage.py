"""The options of `meshcompile test` for coverage, and its files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from meshcompile.cli import exit_codes
from meshcompile.cli.console import complain
from meshcompile.cli.progress import progress

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh
    from meshcompile.testing.coverage import Coverage
    from meshcompile.testing.judge import Judge, Verdict


def coverage_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    group = parser.add_argument_group("coverage")
    group.add_argument(
        "--coverage", action="store_true", help="print which rules, matches, subsets, hosts and policies tests reach"
    )
    group.add_argument("--lcov", type=Path, metavar="FILE", help="write the coverage for editors, as lcov does")
    group.add_argument("--cobertura", type=Path, metavar="FILE", help="write the coverage for CI, as Cobertura XML")
    group.add_argument(
        "--annotate", type=Path, metavar="DIR", help="write the files of the input with the number of tests per line"
    )
    group.add_argument(
        "--fail-under", type=float, metavar="N", help="exit with 1 if less than N percent of the parts are reached"
    )
    group.add_argument(
        "--suggest", action="store_true", help="print a suite for what no test reaches, instead of the results"
    )


def wants_coverage(options: argparse.Namespace) -> bool:
    """Whether an option needs the coverage."""
    files = (options.lcov, options.cobertura, options.annotate)
    return (
        options.coverage or options.suggest or options.fail_under is not None or any(each is not None for each in files)
    )


def coverage_of(mesh: Mesh, verdicts: Sequence[Verdict]) -> Coverage:
    """What tests reach of a mesh."""
    from meshcompile.testing.coverage import coverage

    return coverage(mesh, verdicts)


def reported_coverage(found: Coverage, options: argparse.Namespace) -> int:
    """Print and write the coverage, and return the exit status. JSON has it already."""
    from meshcompile.testing.formats.coverage_table import coverage_table

    if options.coverage and options.output != "json":
        (sys.stdout if options.output == "text" else sys.stderr).write(f"\n{coverage_table(found)}")
    _write(found, options)
    if options.fail_under is not None and found.percent < options.fail_under:
        complain(f"the coverage is {found.percent:.1f}%, less than {options.fail_under:g}%")
        return exit_codes.FINDINGS
    return exit_codes.OK


def print_suggestions(judge: Judge, found: Coverage) -> int:
    """Print a suite of suggested tests. What no request is found for is a message."""
    from meshcompile.cli.render import rendered
    from meshcompile.testing.suggest import suggestions

    with progress("suggesting"):
        made = list(suggestions(judge, found))
    sys.stdout.write(HEAD)
    sys.stdout.write(rendered({"tests": [each.test for each in made if each.test is not None]}, "yaml"))
    for each in made:
        if each.test is None:
            complain(f"{each.target.origin.file}:{each.target.origin.line}: no request found for {each.target.name}")
    return exit_codes.OK


HEAD = "# Suggested by meshcompile: these tests expect what happens now. Review them before you keep them.\n"


def _write(found: Coverage, options: argparse.Namespace) -> None:
    if options.lcov is not None:
        from meshcompile.testing.formats.lcov import lcov

        options.lcov.write_text(lcov(found), encoding="utf-8")
    if options.cobertura is not None:
        from meshcompile.testing.formats.cobertura import cobertura

        options.cobertura.write_text(cobertura(found), encoding="utf-8")
    if options.annotate is not None:
        _annotate(found, options.annotate)


def _annotate(found: Coverage, folder: Path) -> None:
    """Write the files of the input that are read from disk."""
    from meshcompile.testing.formats.annotated import annotated

    for file, part in found.by_file().items():
        path = Path(file)
        if path.is_file():
            inside = path.resolve().relative_to(Path.cwd()) if path.resolve().is_relative_to(Path.cwd()) else path.name
            target = folder / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(annotated(path.read_text(encoding="utf-8"), part), encoding="utf-8")
