"""Findings as JSON. schemas/findings.json describes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from meshcompile.findings.places import end_position
from meshcompile.findings.report import Finding, Invocation


def json(findings: Sequence[Finding], invocation: Invocation) -> str:
    """A list with one object per finding."""
    return msgspec.json.format(msgspec.json.encode(as_data(findings)), indent=2).decode() + "\n"


def as_data(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings as plain JSON values."""
    return [_data(finding) for finding in findings]


def _data(finding: Finding) -> dict[str, Any]:
    diagnostic, end = finding.diagnostic, end_position(finding.diagnostic.origin)
    state = {"state": str(finding.state)} if finding.state else {}
    return {
        **diagnostic.to_dict(),
        "end_line": end.line,
        "end_column": end.column,
        "fingerprint": finding.fingerprint,
        **state,
    }
