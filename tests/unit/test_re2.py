"""RE2 syntax: the expressions that Go's `regexp` accepts and rejects."""

import pytest

from meshcompile.syntax.re2 import syntax_error

VALID = [
    "",
    "/v[12]/.*",
    "^(?i:shop|web)$",
    r"\pL+\p{Greek}\PN\p{^Lu}\p{Letter}",
    r"(?P<a>x)(?<b>y)",
    r"\A\bx\B\z",
    r"\x41\x{1F600}\12\012",
    r"\Qa.b\E*",
    "[]a][^]a][a-][[:alpha:]]",
    "a{,3}",
    "a{1000}",
    "(?:a{10}){100}",
    "^*",
    "a|b*?",
    "x(?i)*",
    "{}",
]
INVALID = [
    "(?=a)",
    "(?!a)",
    "(?<=a)b",
    r"(a)\1",
    "a*+",
    "a**",
    "a{2}{3}",
    "*",
    "|*",
    "(*a)",
    "a{1001}",
    "a{3,1}",
    "(?:a{100}){100}",
    "[",
    "[z-a]",
    "[[:foo:]]",
    "(",
    ")",
    "\\",
    r"\Z",
    r"\C",
    r"\8",
    r"\p{Foo}",
    r"\x{110000}",
    "(?i-)a",
    "(?P<n>a)(?P<n>b)",
    "(?P<a-b>c)",
]


@pytest.mark.parametrize("expression", VALID)
def test_what_go_compiles_is_valid(expression: str) -> None:
    """An expression that Go compiles has no syntax error."""
    assert syntax_error(expression) is None


@pytest.mark.parametrize("expression", INVALID)
def test_what_go_refuses_is_invalid(expression: str) -> None:
    """An expression that Go does not compile has a syntax error."""
    assert syntax_error(expression)
