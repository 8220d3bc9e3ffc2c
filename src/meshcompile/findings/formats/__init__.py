"""Findings as text, with one module per format. A format is the function with its module's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

from meshcompile.findings.report import BaselineState, Finding, Invocation

Format = Callable[[Sequence[Finding], Invocation], str]
"""Formats the findings, sorted by position, and the facts about the command as text."""

FORMATS = ("github", "gitlab", "json", "junit", "rdjson", "sarif", "yaml")
"""The formats for programs."""


WITH_STATES = ("json", "sarif", "yaml")
"""Formats that say which findings a baseline has. The others leave these findings out."""


def formatted(findings: Sequence[Finding], form: str, invocation: Invocation) -> str:
    """The findings in one of FORMATS, ending in a newline."""
    function: Format = getattr(import_module(f"{__name__}.{form}"), form)
    shown = findings if form in WITH_STATES else [f for f in findings if f.state is not BaselineState.UNCHANGED]
    return function(shown, invocation)
