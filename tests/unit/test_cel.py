"""CEL syntax: what `cel-go` parses, and what it refuses."""

import pytest

from meshcompile.cel import syntax_error

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
]


@pytest.mark.parametrize("expression", VALID)
def test_what_cel_parses_is_valid(expression: str) -> None:
    """Nothing is wrong with an expression that can be parsed."""
    assert syntax_error(expression) is None


@pytest.mark.parametrize("expression", INVALID)
def test_what_cel_refuses_is_invalid(expression: str) -> None:
    """Something is wrong with an expression that cannot be parsed."""
    assert syntax_error(expression)
