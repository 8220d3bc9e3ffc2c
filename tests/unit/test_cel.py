"""CEL syntax: the expressions that `cel-go` accepts and rejects."""

import pytest

from meshcompile.syntax.cel import syntax_error

VALID = [
    "response.code >= 400 && !connection.mtls",
    "request.headers['x-a'] in ['a', 'b',]",
    "has(request.id) ? 1 : -9223372036854775808",
    "[1, 2].exists(code, code == response.code)",
    r"r'\d' + b'\x41' + '''a'b'''",
    "a.b.C{d: 1}.e",
    "{'a': 1, 'b': 2u}['a'] == 1.5e3 // always",
    "a.`b-c`",
    ".a",
    "!-1",
    "has(has(a.b))",
    "a.B{`b-c`: 1}",
    "for{}",
    "(" * 249 + "a" + ")" * 249,
    "a" + ".b" * 249,
    "a" + " || b" * 1000,
]
INVALID = [
    "",
    "response.code >",
    "a >=>= b",
    "(a",
    "a b",
    "has(a)",
    "x.all(1, true)",
    "'open",
    r"'\q'",
    "package",
    "9223372036854775808",
    "f(1,)",
    "a = b",
    "a & b",
    "a.?b",
    "1e999",
    "a.all(__result__, true)",
    r"b'\u0041'",
    r"'\ud800'",
    r"'\U00110000'",
    "(" * 250 + "a" + ")" * 250,
    "a" + ".b" * 250,
    "a" + " + b" * 250,
    "a" * 100_001,
    "9" * 5000,
]


@pytest.mark.parametrize("expression", VALID)
def test_what_cel_parses_is_valid(expression: str) -> None:
    """A valid expression has no syntax error."""
    assert syntax_error(expression) is None


@pytest.mark.parametrize("expression", INVALID)
def test_what_cel_refuses_is_invalid(expression: str) -> None:
    """An invalid expression has a syntax error."""
    assert syntax_error(expression)


def test_deep_nesting_needs_no_deep_calls() -> None:
    """Brackets may nest as deep as in `cel-go`. Deeper nesting is an error, not an exception."""
    assert syntax_error("[" * 250 + "]" * 250) is None
    assert syntax_error("[" * 90_000) == "it nests too deeply"
