"""Results for a terminal: failures with their traces, and the counts last."""

import json
from collections.abc import Iterator
from typing import Any

from meshcompile.diagnostics import Severity
from meshcompile.explain.report import report
from meshcompile.findings.colours import BOLD, GREEN, SEVERITIES, Paint
from meshcompile.testing.judge import Mismatch, Verdict
from meshcompile.testing.results import SuiteResults

RED = SEVERITIES[Severity.ERROR]
INDENT = "  "


def text(results: SuiteResults, paint: Paint, *, verbose: bool = False) -> str:
    """The report. Tests that passed are listed only if it is verbose."""
    return "\n".join(_lines(results, paint, verbose)) + "\n"


def _lines(results: SuiteResults, paint: Paint, verbose: bool) -> Iterator[str]:
    for each in results.verdicts:
        if not each.passed:
            yield from failure(each, paint)
            yield ""
        elif verbose:
            yield f"{paint('PASS', GREEN)} {each.test.name}  ({_place(each)})"
    yield paint(summary(results), RED if not results.passed else GREEN)


def summary(results: SuiteResults) -> str:
    """`12 tests: 11 passed, 1 failed`."""
    counts = {name: results.count(result) for name, result in (("failed", "failed"), ("not run", "error"))}
    wrong = "".join(f", {number} {name}" for name, number in counts.items() if number)
    total, problems = len(results.verdicts), len(results.errors)
    wrong += f", {problems} problem{'' if problems == 1 else 's'} in suites" if problems else ""
    return f"{total} test{'' if total == 1 else 's'}: {results.count('passed')} passed{wrong}"


def _place(verdict: Verdict) -> str:
    return f"{verdict.test.origin.file}:{verdict.test.origin.line}"


def failure(verdict: Verdict, paint: Paint) -> Iterator[str]:
    """The lines about a test that did not pass: what was wanted and got, and the trace."""
    yield f"{paint('FAIL', RED)} {paint(verdict.test.name, BOLD)}  ({_place(verdict)})"
    if verdict.problem is not None:
        yield f"{INDENT}{verdict.problem.message}"
        if verdict.problem.suggestion:
            yield f"{INDENT}{verdict.problem.suggestion}"
    for each in verdict.mismatches:
        yield INDENT + mismatch(each)
    if verdict.trace is not None:
        yield ""
        yield from (f"{INDENT * 2}{line}".rstrip() for line in report(verdict.trace, paint).splitlines())


def mismatch(each: Mismatch) -> str:
    """`status: wanted 200, got 404  (shop.meshtest.yaml:7)`."""
    return f"{each.fact}: wanted {value(each.wanted)}, got {value(each.got)}  ({each.origin.file}:{each.origin.line})"


def value(given: Any) -> str:
    """A value as JSON, short."""
    return json.dumps(given, ensure_ascii=False, default=str)
