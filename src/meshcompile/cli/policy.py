"""The policy of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from meshcompile.cli.console import UsageError
from meshcompile.cli.parser import suggested
from meshcompile.diagnostics import Severity
from meshcompile.findings.policy import Policy, SuppressionRule, origin_of_option
from meshcompile.findings.selection import CodeSelection, specificity
from meshcompile.findings.suppressions import FORM, Suppression, suppression

if TYPE_CHECKING:
    from meshcompile.models.project import Project

OWN = ("IST", "MC")
"""Prefixes of meshcompile's own codes. Others belong to checks of plugins."""


def policy(options: argparse.Namespace) -> Policy:
    """The policy of the options. Raises UsageError for a code that does not exist."""
    rules = tuple(SuppressionRule(_suppression(text), origin_of_option()) for text in options.suppress)
    given = Policy(CodeSelection(_codes(options.select, "--select"), _codes(options.ignore, "--ignore")), {}, rules)
    return given if options.project is None else _with_project(given, options.project)


def _with_project(given: Policy, project: Project) -> Policy:
    """The policy of the options, with the additions of the configuration."""
    from meshcompile.models.project import Level

    off = tuple(code for code, level in project.severities.items() if level is Level.OFF)
    severities = {code: Severity(level) for code, level in project.severities.items() if level is not Level.OFF}
    rules = (
        SuppressionRule(found, entry.origin)
        for entry in project.suppressions
        if (found := suppression(f"{entry.code}={entry.object}"))
    )
    selection = CodeSelection(
        given.selection.select or project.select, (*given.selection.ignore, *project.ignore, *off)
    )
    return Policy(selection, severities, (*given.rules, *rules))


def _suppression(text: str) -> Suppression:
    found = suppression(text)
    if found is None:
        raise UsageError(f"--suppress {text}: expected {FORM}, such as IST0101=VirtualService/web.shop")
    return found


def _codes(given: Iterable[str], option: str) -> tuple[str, ...]:
    """The patterns of an option, which may be repeated and may have several patterns each."""
    patterns = tuple(pattern for text in given for part in text.split(",") if (pattern := part.strip()))
    for problem in problems(patterns) if patterns else ():
        raise UsageError(f"{option}: {problem}")
    return patterns


def problems(patterns: Iterable[str]) -> Iterator[str]:
    """The reasons why patterns of codes can match nothing."""
    from meshcompile.codes import every_code

    known = every_code()
    for pattern in patterns:
        may_be_of_a_plugin = pattern[:1].isupper() and not pattern.startswith(OWN)
        if not may_be_of_a_plugin and all(specificity(code.id, code.slug, pattern) < 0 for code in known):
            names = [name for code in known for name in (code.id, code.slug)]
            yield f"there is no code {pattern!r}{suggested(pattern, names)}"
