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


def _command(found: Diagnostic) -> str:
    properties = ",".join(f"{name}={plain(value).translate(_PROPERTY_ESCAPES)}" for name, value in _properties(found))
    text = f"{found.message}\n{found.suggestion}".strip()
    return f"::{COMMANDS[found.severity]} {properties}::{plain(text).translate(_ESCAPES)}"


def _properties(found: Diagnostic) -> Iterator[tuple[str, str]]:
    yield "file", relative_path(found.file)
    if found.line:
        end = end_position(found.origin)
        yield from (("line", str(found.line)), ("endLine", str(end.line)))
        yield from (("col", str(found.column)), ("endColumn", str(end.column)))
    yield "title", f"{found.code} {found.slug}"
