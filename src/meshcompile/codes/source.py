"""Codes of reading input: MC00xx."""

from meshcompile.diagnostics import Code, Severity

NOT_YAML = Code("MC0001", "not-yaml", Severity.ERROR, "this is not YAML: {problem}")
