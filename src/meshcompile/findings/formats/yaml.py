"""Findings as YAML, with the keys of JSON."""

from __future__ import annotations

from collections.abc import Sequence

import yaml as library

from meshcompile.findings.formats.json import as_data
from meshcompile.findings.report import Finding, Invocation


def yaml(findings: Sequence[Finding], invocation: Invocation) -> str:
    """A list with one mapping per finding."""
    data = as_data(findings)
    return str(library.dump(data, Dumper=library.CSafeDumper, sort_keys=False, allow_unicode=True, width=4096))
