"""Codes of test suites: MC20xx."""

from meshcompile.diagnostics import Code, Severity

UNUSABLE_TEST = Code(
    "MC2001",
    "unusable-test",
    Severity.ERROR,
    "{problem}",
    "A test of a suite cannot be run as written: a field is unknown, a value has a wrong type, or the sender of the "
    "request does not exist. `schemas/meshtest.json` describes the fields. The other tests of the suite are run.",
)
