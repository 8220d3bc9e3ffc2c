"""The Test Anything Protocol, version 14: one line per test, and the details of failures as YAML."""

from collections.abc import Iterator

from meshcompile.findings.colours import uncoloured
from meshcompile.findings.formats.concise import plain
from meshcompile.testing.formats.text import mismatch
from meshcompile.testing.judge import Verdict
from meshcompile.testing.results import SuiteResults


def tap(results: SuiteResults) -> str:
    """The results as TAP."""
    return "\n".join(_lines(results)) + "\n"


def _lines(results: SuiteResults) -> Iterator[str]:
    yield "TAP version 14"
    yield f"1..{len(results.verdicts)}"
    for number, each in enumerate(results.verdicts, 1):
        yield f"{'ok' if each.passed else 'not ok'} {number} - {_escaped(each.test.name)}"
        yield from _details(each)


def _escaped(name: str) -> str:
    return plain(name).replace("\\", "\\\\").replace("#", "\\#").replace("\n", " ")


def _details(verdict: Verdict) -> Iterator[str]:
    if verdict.passed:
        return
    yield "  ---"
    yield f"  at: {uncoloured(f'{verdict.test.origin.file}:{verdict.test.origin.line}', '')}"
    yield "  message: |"
    for line in said(verdict):
        yield f"    {plain(line)}"
    yield "  ..."


def said(verdict: Verdict) -> Iterator[str]:
    """What is wrong, in lines: the mismatches, and the outcome in a sentence."""
    if verdict.problem is not None:
        yield str(verdict.problem)
        if verdict.problem.suggestion:
            yield verdict.problem.suggestion
    yield from map(mismatch, verdict.mismatches)
    if verdict.trace is not None:
        yield verdict.trace.outcome.say
