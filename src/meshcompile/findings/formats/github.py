"""Workflow commands of GitHub Actions, which annotate a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.findings.formats.concise import plain
from meshcompile.findings.paths import relative_path
from meshcompile.findings.places import end_position
from meshcompile.findings.report import Finding, Invocation

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_ESCAPES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY_ESCAPES = _ESCAPES | str.maketrans({":": "%3A", ",": "%2C"})


def github(findings: Sequence[Finding], invocation: Invocation) -> str:
    """One command per finding."""
    return "".join(f"{_command(finding.diagnostic)}\n" for finding in findings)


def _command(diagnostic: Diagnostic) -> str:
    properties = ",".join(
        f"{name}={plain(value).translate(_PROPERTY_ESCAPES)}" for name, value in _properties(diagnostic)
    )
    text = f"{diagnostic.message}\n{diagnostic.suggestion}".strip()
    return f"::{COMMANDS[diagnostic.severity]} {properties}::{plain(text).translate(_ESCAPES)}"


def _properties(diagnostic: Diagnostic) -> Iterator[tuple[str, str]]:
    yield "file", relative_path(diagnostic.file)
    if diagnostic.line:
        end = end_position(diagnostic.origin)
        yield from (("line", str(diagnostic.line)), ("endLine", str(end.line)))
        yield from (("col", str(diagnostic.column)), ("endColumn", str(end.column)))
    yield "title", f"{diagnostic.code} {diagnostic.slug}"
