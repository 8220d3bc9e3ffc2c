"""Findings as text, with one module per format. A format is the function with its module's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

from meshcompile.findings.report import Finding, Invocation

Format = Callable[[Sequence[Finding], Invocation], str]
"""Findings by position, and what is said about the command, to text."""

FORMATS = ("github", "gitlab", "json", "junit", "rdjson", "sarif", "yaml")
"""The formats for programs."""


def formatted(findings: Sequence[Finding], form: str, invocation: Invocation) -> str:
    """The findings in one of FORMATS, ending in a newline."""
    function: Format = getattr(import_module(f"{__name__}.{form}"), form)
    return function(findings, invocation)
