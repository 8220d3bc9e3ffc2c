"""Check each object in the input, and print the findings to stdout."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from meshcompile.cli import exit_codes
from meshcompile.cli.console import UsageError, complain
from meshcompile.cli.inputs import load_mesh, mesh_arguments, path_arguments, watch_argument
from meshcompile.cli.progress import progress
from meshcompile.cli.summary import summary, verdict
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.words import counted

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh
    from meshcompile.cli.fixing import Checked
    from meshcompile.findings.baseline import BaselineComparison

TEXT = ("full", "concise", "text")
FORMATS = (*TEXT, "json", "yaml", "github", "gitlab", "sarif", "junit", "rdjson")
SEVERITIES = [str(severity) for severity in Severity]
BETWEEN_OBJECTS = "each object was checked on its own; run `meshcompile analyze` to check how they fit together"


def arguments(parser: argparse.ArgumentParser) -> None:
    finding_arguments(parser)
    path_arguments(parser)
    watch_argument(parser)
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    return checked(options, lambda mesh: mesh.diagnostics, afterwards=BETWEEN_OBJECTS)


def finding_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which findings count, and how they are printed."""
    parser.add_argument(
        "-o", "--output", choices=FORMATS, help="format; full shows source lines, text is concise "
        "(default: full on a terminal, else concise)",
    )  # fmt: skip
    parser.add_argument("--statistics", action="store_true", help="print the number of findings per code instead")
    _fix_arguments(parser.add_argument_group("fixes"))
    _selection_arguments(parser.add_argument_group("findings"))


def _fix_arguments(fixes: argparse._ArgumentGroup) -> None:
    fixes.add_argument("--fix", action="store_true", help="apply safe fixes to the files, and print what is left")
    fixes.add_argument("--unsafe-fixes", action="store_true", help="apply safe fixes, and those that need a review")
    fixes.add_argument("--diff", action="store_true", help="print what the fixes would change, and write nothing")


def _selection_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--fail-on", choices=SEVERITIES, default="error", metavar="SEVERITY",
        help="exit with status 1 for findings of this severity or above: error, warning, info (default: %(default)s)",
    )  # fmt: skip
    group.add_argument("--exit-zero", action="store_true", help="exit with status 0 even if there are findings")
    group.add_argument(
        "--severity-threshold", choices=SEVERITIES, metavar="SEVERITY",
        help="hide findings below this severity (default: info with -v, else warning)",
    )  # fmt: skip
    group.add_argument(
        "--select", action="append", default=[], metavar="CODES",
        help="report only these codes, such as IST0101,MC04 or a name; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--ignore", action="append", default=[], metavar="CODES", help="do not report these codes; repeatable"
    )
    group.add_argument(
        "--suppress", action="append", default=[], metavar="CODE=KIND/NAME.NAMESPACE",
        help="do not report this code for these objects; each part may have wildcards; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--baseline",
        type=Path,
        metavar="FILE",
        help="report only findings that this file of known findings does not have",
    )
    group.add_argument(
        "--update-baseline", action="store_true", help="write the current findings to the --baseline FILE"
    )


def checked(
    options: argparse.Namespace,
    findings: Callable[[Mesh], Sequence[Diagnostic]],
    afterwards: str = "",
    complete: bool = False,
) -> int:
    """Print the findings about the input, and return the exit status.

    `afterwards` is printed if objects were checked without findings. `complete` says that all checks ran, so that
    suppressions without findings are superfluous.
    """
    from meshcompile import UnreadableInput

    _refuse_contradictions(options)

    def judged() -> Checked:
        mesh = load_mesh(options)
        return (mesh, *_judged(mesh, findings(mesh), options, complete))

    try:
        with progress("checking"):
            found = judged()
    except UnreadableInput as error:
        return _unreadable(error.diagnostics, options)
    if options.diff:
        return _show_differences(found[1], options)
    if options.fix or options.unsafe_fixes:
        from meshcompile.cli.fixing import fixed

        found = fixed(found, judged, options)
    if options.update_baseline:
        from meshcompile.cli.judgement import update_baseline

        return update_baseline(found[1], options)
    return _reported(found, options, afterwards)


def _unreadable(diagnostics: Sequence[Diagnostic], options: argparse.Namespace) -> int:
    from meshcompile.cli.findings import write_findings

    write_findings(diagnostics, options, sys.stderr)
    complain(verdict(diagnostics))
    return exit_codes.UNREADABLE


def _reported(found: Checked, options: argparse.Namespace, afterwards: str) -> int:
    """Print the findings that are left, and return the exit status."""
    mesh, kept, suppressed = found
    comparison = _comparison(kept, options) if options.baseline else None
    counting = [each.diagnostic for each in comparison.introduced] if comparison else kept
    shown = [each for each in counting if each.severity >= _threshold(options)]
    _write(shown, options, comparison)
    for line in (
        *summary(mesh, shown, _threshold(options) is Severity.INFO),
        *_notes(shown, options, suppressed, comparison),
    ):
        complain(line)
    if any(each.severity >= options.fail_on for each in shown):
        return exit_codes.OK if options.exit_zero else exit_codes.FINDINGS
    if afterwards and mesh.config_cluster.resources:
        complain(afterwards)
    return exit_codes.OK


def _refuse_contradictions(options: argparse.Namespace) -> None:
    if options.update_baseline and not options.baseline:
        raise UsageError("--update-baseline needs the --baseline FILE to write")
    if (options.fix or options.unsafe_fixes) and "-" in (*options.files, *options.paths):
        raise UsageError("--fix changes files, and standard input is none; --diff shows what it would change")
    if options.statistics and options.output not in (None, *TEXT, "json", "yaml"):
        raise UsageError(f"--statistics does not support -o {options.output}: choose text, json or yaml")


def _show_differences(found: Sequence[Diagnostic], options: argparse.Namespace) -> int:
    from meshcompile.cli.fixing import show_differences

    changes = show_differences(found, options)
    return exit_codes.FINDINGS if changes and not options.exit_zero else exit_codes.OK


def _judged(
    mesh: Mesh, found: Sequence[Diagnostic], options: argparse.Namespace, complete: bool
) -> tuple[Sequence[Diagnostic], int]:
    """The findings that are neither left out nor suppressed, and the number of those that are suppressed."""
    if not (found or complete or options.select or options.ignore or options.suppress):
        return found, 0
    from meshcompile.cli.judgement import judgement  # only needed for findings

    return judgement(mesh, found, options, complete)


def _comparison(found: Sequence[Diagnostic], options: argparse.Namespace) -> BaselineComparison:
    from meshcompile.cli.judgement import comparison

    return comparison(found, options, _threshold(options))


def _threshold(options: argparse.Namespace) -> Severity:
    """The severity of the least bad findings to print. Findings that make the command fail are always printed."""
    if options.severity_threshold:
        return Severity(options.severity_threshold)
    return Severity.INFO if options.verbose or options.fail_on == Severity.INFO else Severity.WARNING


def _write(shown: Sequence[Diagnostic], options: argparse.Namespace, comparison: BaselineComparison | None) -> None:
    """Write the findings, or how often each code is found."""
    if not shown and options.output in (None, *TEXT):
        return
    from meshcompile.cli.findings import write_findings, write_statistics  # few inputs have findings

    if options.statistics:
        write_statistics(shown, options)
    else:
        write_findings(shown, options, sys.stdout, comparison.findings if comparison else ())


def _notes(
    shown: Sequence[Diagnostic], options: argparse.Namespace, suppressed: int, comparison: BaselineComparison | None
) -> Iterator[str]:
    """What else there is to say of the findings."""
    if suppressed:
        yield f"{counted(suppressed, 'finding')} suppressed"
    if any(each.fixes for each in shown):
        from meshcompile.cli.fixing import fixable_note

        yield from fixable_note(shown)
    if comparison:
        yield f"compared with {options.baseline}: {comparison}"
        yield from (f"fixed: {known}" for known in (comparison.fixed if options.verbose else ()))
