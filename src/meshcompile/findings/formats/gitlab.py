"""A code quality report of GitLab."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from meshcompile.diagnostics import Severity
from meshcompile.findings.paths import relative_path
from meshcompile.findings.report import Finding, Invocation

SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def gitlab(findings: Sequence[Finding], invocation: Invocation) -> str:
    """A list with one issue per finding."""
    return msgspec.json.format(msgspec.json.encode([_issue(finding) for finding in findings]), indent=2).decode() + "\n"


def _issue(finding: Finding) -> dict[str, Any]:
    diagnostic = finding.diagnostic
    return {
        "description": diagnostic.message,
        "check_name": f"{diagnostic.code} {diagnostic.slug}",
        "fingerprint": finding.fingerprint,
        "severity": SEVERITIES[diagnostic.severity],
        "location": {"path": relative_path(diagnostic.file), "lines": {"begin": max(diagnostic.line, 1)}},
    }
