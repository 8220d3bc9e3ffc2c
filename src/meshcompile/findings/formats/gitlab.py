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
    found = finding.diagnostic
    return {
        "description": found.message,
        "check_name": f"{found.code} {found.slug}",
        "fingerprint": finding.fingerprint,
        "severity": SEVERITIES[found.severity],
        "location": {"path": relative_path(found.file), "lines": {"begin": max(found.line, 1)}},
    }
