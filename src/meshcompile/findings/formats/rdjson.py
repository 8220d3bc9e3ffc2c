"""The Reviewdog Diagnostic Format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin, Position
from meshcompile.documents.quote import quote
from meshcompile.findings.paths import relative_path
from meshcompile.findings.report import Finding, Invocation

SOURCE = {"name": "meshcompile", "url": "https://github.com/meshcompile/meshcompile"}


def rdjson(findings: Sequence[Finding], invocation: Invocation) -> str:
    """One object with all findings."""
    data = {"source": SOURCE, "diagnostics": [_diagnostic(finding.diagnostic) for finding in findings]}
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n"


def _diagnostic(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "message": f"{diagnostic.message}\n{diagnostic.suggestion}".strip(),
        "location": _location(diagnostic.origin),
        "severity": str(diagnostic.severity).upper(),
        "code": {"value": diagnostic.code},
        "relatedLocations": [
            {"message": related.message, "location": _location(related.origin)} for related in diagnostic.related
        ],
        "originalOutput": str(diagnostic),
    }


def _location(origin: Origin) -> dict[str, Any]:
    path = {"path": relative_path(origin.file)}
    if not origin.line:
        return path
    quoted = quote(origin)
    if quoted is None:
        return {**path, "range": {"start": {"line": origin.line, "column": origin.column}}}
    return {**path, "range": {name: _in_bytes(quoted.line, at) for name, at in _ends(quoted.start, quoted.end)}}


def _ends(start: Position, end: Position) -> tuple[tuple[str, Position], ...]:
    return ("start", start), ("end", end)


def _in_bytes(line: str, position: Position) -> dict[str, int]:
    """A position with its column in bytes of UTF-8, as the format counts."""
    before = line[: position.column - 1].encode(errors="replace")
    return {"line": position.line, "column": len(before) + 1}
