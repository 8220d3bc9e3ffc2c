"""The JSON Schema of findings, as `validate -o json` and `analyze -o json` print them."""

from __future__ import annotations

from typing import Any

from meshcompile.diagnostics import Applicability, Severity
from meshcompile.findings.report import BaselineState
from meshcompile.json_schema import DIALECT

TEXT = {"type": "string"}
NUMBER = {"type": "integer", "minimum": 0}
PLACE = {
    "file": {**TEXT, "description": "File name as given; `<stdin>` for standard input."},
    "line": {**NUMBER, "description": "Line, from 1; 0 without a source text."},
    "column": {**NUMBER, "description": "Column in characters, from 1; 0 without a source text."},
}
RELATED = {
    "type": "object",
    "required": ["message", "place", *PLACE],
    "properties": {
        "message": {**TEXT, "description": "Description of the position."},
        "place": {**TEXT, "description": "`file:line:column`."},
        **PLACE,
    },
}
POSITION = {
    "type": "object",
    "required": ["line", "column"],
    "properties": {"line": PLACE["line"], "column": PLACE["column"]},
}
EDIT = {
    "type": "object",
    "required": ["file", "start", "end", "text"],
    "properties": {
        "file": PLACE["file"],
        "start": {**POSITION, "description": "Where the text to replace starts."},
        "end": {**POSITION, "description": "The position after the text to replace."},
        "text": {**TEXT, "description": "What is to stand there."},
    },
}
FIX = {
    "type": "object",
    "required": ["title", "applicability", "edits"],
    "properties": {
        "title": {**TEXT, "description": "What the fix does."},
        "applicability": {
            "enum": [str(each) for each in Applicability],
            "description": "`safe` if `--fix` applies it, `unsafe` if only `--unsafe-fixes` does.",
        },
        "edits": {"type": "array", "items": EDIT, "description": "Changes to the text, all to be made together."},
    },
}
PROPERTIES: dict[str, Any] = {
    "code": {**TEXT, "description": "Code, such as `IST0101`; it never changes its meaning."},
    "slug": {**TEXT, "description": "Name of the code."},
    "severity": {"enum": [str(severity) for severity in Severity], "description": "Severity of the finding."},
    "message": {**TEXT, "description": "The problem."},
    **PLACE,
    "field": {**TEXT, "description": "Path of the field; empty for a whole object or file."},
    "kind": {**TEXT, "description": "Kind of the object; empty if the finding is about no object."},
    "namespace": {**TEXT, "description": "Namespace of the object."},
    "name": {**TEXT, "description": "Name of the object."},
    "rejected": {"type": "boolean", "description": "Whether the object is ignored."},
    "effect": {**TEXT, "description": "The effect of the problem; empty if it is unknown."},
    "suggestion": {**TEXT, "description": "A suggestion for a fix; empty if there is none."},
    "related": {"type": "array", "items": RELATED, "description": "Related positions."},
    "fixes": {"type": "array", "items": FIX, "description": "Fixes, the best one first."},
    "end_line": {**NUMBER, "description": "Line where the underlined part ends."},
    "end_column": {**NUMBER, "description": "Column after the underlined part."},
    "fingerprint": {**TEXT, "description": "Stable across runs, as long as the object and the problem are the same."},
    "state": {
        "enum": [str(state) for state in BaselineState],
        "description": "The result of the comparison; only with `--baseline`.",
    },
}


def findings_schema() -> dict[str, Any]:
    """The schema of the list of findings."""
    required = [name for name in PROPERTIES if name != "state"]
    item = {"type": "object", "required": required, "properties": PROPERTIES}
    return {
        "$schema": DIALECT,
        "$id": "urn:meshcompile:schema:findings",
        "title": "Findings",
        "description": "The output of `meshcompile validate -o json` and `meshcompile analyze -o json`.",
        "type": "array",
        "items": item,
    }
