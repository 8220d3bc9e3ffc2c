"""The Static Analysis Results Interchange Format (SARIF), version 2.1.0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from meshcompile.codes import every_code, page
from meshcompile.diagnostics import Code, Diagnostic, Severity
from meshcompile.documents import Origin
from meshcompile.findings.paths import uri
from meshcompile.findings.places import end_position
from meshcompile.findings.report import BaselineState, Finding, Invocation

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
STATES = {BaselineState.INTRODUCED: "new", BaselineState.UNCHANGED: "unchanged"}


def sarif(findings: Sequence[Finding], invocation: Invocation) -> str:
    """A log with one run."""
    return msgspec.json.format(msgspec.json.encode(_log(findings, invocation)), indent=2).decode() + "\n"


def _log(findings: Sequence[Finding], invocation: Invocation) -> dict[str, Any]:
    used = {finding.diagnostic.code for finding in findings}
    known = {code.id: code for code in every_code()} if used else {}
    rules = {code: _rule(code, known.get(code)) for code in sorted(used)}
    indexes = {code: index for index, code in enumerate(rules)}
    driver = {
        "name": "meshcompile",
        "version": invocation.version,
        "informationUri": "https://github.com/meshcompile/meshcompile",
        "rules": list(rules.values()),
    }
    results = [_result(finding, indexes[finding.diagnostic.code]) for finding in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(id: str, code: Code | None) -> dict[str, Any]:
    """The description of a code. A check of a plugin may use a code that is not known here."""
    if code is None:
        return {"id": id}
    text = page(code) or code.slug
    return {
        "id": id,
        "name": "".join(part.capitalize() for part in code.slug.split("-")),
        "shortDescription": {"text": code.slug.replace("-", " ")},
        "fullDescription": {"text": text},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": LEVELS[code.severity]},
    }


def _result(finding: Finding, index: int) -> dict[str, Any]:
    diagnostic = finding.diagnostic
    state = {"baselineState": STATES[finding.state]} if finding.state else {}
    return {
        "ruleId": diagnostic.code,
        "ruleIndex": index,
        "level": LEVELS[diagnostic.severity],
        "message": {"text": ". ".join(part for part in (diagnostic.message, diagnostic.suggestion) if part)},
        "locations": [_location(diagnostic.origin) | _logical_locations(diagnostic)],
        "relatedLocations": [
            {"id": number, **_location(related.origin), "message": {"text": related.message}}
            for number, related in enumerate(diagnostic.related, 1)
        ],
        "partialFingerprints": {"meshcompile/v1": finding.fingerprint},
        **state,
    }


def _location(origin: Origin) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": uri(origin.file)}}
    if origin.line:
        end = end_position(origin)
        start = {"startLine": origin.line, "startColumn": origin.column}
        place["region"] = {**start, "endLine": end.line, "endColumn": end.column}
    return {"physicalLocation": place}


def _logical_locations(diagnostic: Diagnostic) -> dict[str, Any]:
    """The object and the field of a finding."""
    if not diagnostic.kind:
        return {}
    name = "/".join(part for part in (diagnostic.kind, diagnostic.namespace, diagnostic.name, diagnostic.field) if part)
    return {
        "logicalLocations": [
            {"fullyQualifiedName": name, "name": diagnostic.name or diagnostic.kind, "kind": "resource"}
        ]
    }
