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
LIMITED_TEST = Code(
    "MC2002",
    "limited-test",
    Severity.WARNING,
    "`{what}` is not checked",
    "A test in the format of another program says something that meshcompile cannot check: a value that Envoy draws, "
    "runtime settings, metadata, virtual clusters, or a header that must have a form. The rest of the test is run. "
    "Weighted clusters are compared with all of their outcomes: such a test passes if one of them fits. Write the test "
    "as a suite of meshcompile to say more.",
)
