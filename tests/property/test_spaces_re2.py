"""The automata of regular expressions accept exactly the strings that RE2 matches as a whole."""

from __future__ import annotations

import re2
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from meshcompile.spaces import letters
from meshcompile.spaces.automaton import Automaton, complement, minimal, product
from meshcompile.spaces.determinize import automaton
from meshcompile.spaces.errors import Undecided
from meshcompile.spaces.re2_patterns import pattern
from meshcompile.syntax.re2 import syntax_error

pieces = st.one_of(
    st.sampled_from(list("abkKsS.^$|*+?-é _0:")),
    st.sampled_from(["(", "(?:", "(?i)", "(?-i)", "(?i-s:", "(?P<n>", "(?m)", "(?U)", ")", ")*", ".*", "|"]),
    st.builds("{{{}}}".format, st.sampled_from(["0", "2", "2,", "0,1", "1,3", "01", "0,"])),
    st.sampled_from(
        ["[ab]", "[^ab]", "[]a]", "[^]]", "[a-k]", "[a\\-z]", "[\\d-]", "[^\\W]", "[[:alpha:]_]", "[[:^word:]]"]
    ),
    st.sampled_from(["[\\x61-\\x63]", "[k-s]", "[^K]", "[\\s]", "[+--]", "[-a]", "[a-]"]),
    st.sampled_from([f"\\{letter}" for letter in "dDsSwWbBAz.*+?"]),
    st.sampled_from(["\\Qa.b\\E", "\\Q.\\E+", "\\x61", "\\x{212A}", "\\t", "\\101"]),
)
expressions = st.lists(pieces, max_size=7).map("".join)
symbols = st.sampled_from(list("abckKsS.^|*+-_0 :é\tſK]"))
strings = st.text(symbols, max_size=6)


def compiled(expression: str) -> tuple[Automaton, re2._Regexp]:
    """The automaton and RE2's program; the example is given up where there is none."""
    assume(syntax_error(expression) is None)
    options = re2.Options()
    options.log_errors = False
    try:
        return automaton(pattern(expression)), re2.compile(expression, options)
    except (Undecided, re2.error):
        assume(False)
        raise


@settings(max_examples=1500)
@given(expressions, st.lists(strings, min_size=8, max_size=20))
def test_the_automaton_accepts_what_re2_matches(expression: str, texts: list[str]) -> None:
    """The automaton and RE2 agree on every string, also on the examples that the automaton gives."""
    ours, oracle = compiled(expression)
    examples = [each for each in (ours.shortest(), complement(ours).shortest()) if each is not None]
    for text in [*texts, *examples, ""]:
        assert ours.accepts(text) == (oracle.fullmatch(text) is not None), text


@settings(max_examples=300)
@given(expressions, expressions, st.lists(strings, min_size=8, max_size=12))
def test_the_operations_are_those_of_sets(one: str, other: str, texts: list[str]) -> None:
    """Union, intersection, difference and complement hold the strings that they say."""
    left, right = compiled(one)[0], compiled(other)[0]
    both = product(left, right, lambda a, b: a and b)
    either = product(left, right, lambda a, b: a or b)
    only = product(left, right, lambda a, b: a and not b)
    for text in texts:
        a, b = left.accepts(text), right.accepts(text)
        assert (both.accepts(text), either.accepts(text), only.accepts(text)) == (a and b, a or b, a and not b)
        assert complement(left).accepts(text) != a
    assert minimal(both) == minimal(complement(product(complement(left), complement(right), lambda a, b: a or b)))


@given(expressions, expressions)
def test_the_smallest_automaton_is_unique(one: str, other: str) -> None:
    """Two languages have the same smallest automaton exactly if no string is in one of them only."""
    left, right = compiled(one)[0], compiled(other)[0]
    difference = product(left, right, lambda a, b: a != b)
    assert (minimal(left) == minimal(right)) == difference.is_empty
    assert difference.is_empty == (difference.shortest() is None)


@given(st.sets(symbols), st.sets(symbols))
def test_sets_of_letters_are_sets(one: set[str], other: set[str]) -> None:
    """Union and complement of letters are those of sets of characters."""
    left, right = letters.characters("".join(one)), letters.characters("".join(other))
    for symbol in one | other | {"x"}:
        number = letters.letter(symbol)
        assert number is not None
        assert letters.character(number) == symbol
        assert _has(letters.union((*left, *right)), number) == (symbol in one | other)
        assert _has(letters.complement(left), number) == (symbol not in one)


def _has(found: letters.Letters, number: int) -> bool:
    return any(low <= number < high for low, high in found)
