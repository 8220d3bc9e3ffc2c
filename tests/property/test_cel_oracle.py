"""CEL expressions: the syntax check agrees with a parser of the same grammar.

The oracle is generated from `cel-go`'s own grammar, with the same macros. There are a few differences, where the syntax
check follows `cel-go`:

- `cel-go` accepts names of fields in backticks; the oracle does not.
- `cel-go` rejects `__result__` as the variable of a macro; the oracle does not.
- `cel-go` rejects expressions with more than 250 levels; the oracle fewer than 100, and it counts only brackets.
"""

from __future__ import annotations

import cel
from hypothesis import given, settings
from hypothesis import strategies as st

from meshcompile.syntax.cel import syntax_error

NUMBERS = ["1", "1u", "0x1F", "0x1FU", "0X1", "007", "1.5", ".5", "1.", "1e3", "1E-3", "1e999", "1.5u"]
LARGE = ["9223372036854775807", "9223372036854775808", "18446744073709551615u", "18446744073709551616u"]
TEXTS = [
    "'s'",
    '"q"',
    "'''t'''",
    r"r'\d'",
    r'R"\"',
    r"b'\x41'",
    r'B"\377"',
    r"b'\u0041'",
    r"'\u0041'",
    "rb'a'",
    "br'a'",
]
ESCAPES = [r"'\ud7ff'", r"'\ud800'", r"'\U0010ffff'", r"'\U00110000'", r"'\q'", r"'\177'", r"'\400'", r"'\8'", "'open"]
NAMES = ["a", "b", "_c1", "size", "has", "all", "in", "for", "package", "as", "é", "true", "null"]
COMPARISONS = ["<", "<=", ">", ">=", "==", "!=", "in", "="]
OPERATORS = ["?", ":", "!", "-", "+", "*", "/", "%", "&&", "||", "&", "|", ".?", ".", ","]
BRACKETS = ["(", ")", "[", "]", "{", "}", "[]", "{}", "()", "{,}", "[,]", "{a:1,}"]
MACROS = ["has(", "has(a.b)", "a.all(", "a.exists(x,", ".filter(x,", ".map(x,", "a.exists_one(", "a.b{", "c:"]
OTHER = [" ", "\n", "\t", "\f", "\v", "\\", "//c\n", "//", "'", '"', "@", "$", ";", "`"]
literals = st.sampled_from([*NUMBERS, *LARGE, *TEXTS, *ESCAPES])
names = st.sampled_from(NAMES)
pieces = st.one_of(literals, names, *map(st.sampled_from, (COMPARISONS, OPERATORS, BRACKETS, MACROS, OTHER)))
expressions = st.builds(str.join, st.sampled_from(["", " "]), st.lists(pieces, max_size=8))
UNARY = ["!{}", "-{}", "- {}", "{}.a", "({})", "has({})", "a.B{{c: {}}}"]
BINARY = ["{} + {}", "{}[{}]", "[{}, {},]", "{{{}: {}}}", "f({}, {})", "{} in {}", "{} < {}"]
TERNARY = ["{} ? {} : {}", "{}.all({}, {})", "{} && {} || {}", "{}.map({}, {}, {})"]


@st.composite
def sound(draw: st.DrawFn, depth: int = 3) -> str:
    """Expressions that are often valid."""
    if depth == 0:
        return draw(literals | names)
    form = draw(st.sampled_from([*UNARY, *BINARY, *TERNARY]))
    return form.format(*(draw(sound(depth - 1)) for _ in range(4)))


def oracle_error(expression: str) -> str | None:
    """The oracle's error for an expression, or None if it can be parsed."""
    try:
        cel.compile(expression)
    except ValueError as error:
        return str(error)
    return None


@settings(max_examples=1000)
@given(expressions | sound())
def test_the_syntax_is_that_of_cel(expression: str) -> None:
    """An expression has a syntax error exactly if the oracle finds one."""
    assert (syntax_error(expression) is None) == (oracle_error(expression) is None), oracle_error(expression)


def test_what_cel_go_and_the_oracle_read_differently() -> None:
    """The known differences still exist."""
    assert syntax_error("a.`b-c`") is None
    assert oracle_error("a.`b-c`")
    assert syntax_error("a.all(__result__, true)")
    assert oracle_error("a.all(__result__, true)") is None
    assert syntax_error("(" * 200 + "a" + ")" * 200) is None
    assert oracle_error("(" * 200 + "a" + ")" * 200)
