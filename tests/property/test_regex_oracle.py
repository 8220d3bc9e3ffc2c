"""Regular expressions: the syntax check agrees with Envoy's RE2.

istiod uses Go's `regexp`, and Envoy uses RE2 in C++. They differ in a few points, where the syntax check follows Go:

- C++ supports `\\C`, a single byte; Go does not.
- Go accepts long names of categories in any case, such as `\\p{Letter}`, `\\p{any}` and `\\pz`; C++ accepts only exact
  short names.
- C++ accepts letters of other alphabets in group names, and duplicate names; Go does not.
- C++ limits the size of the compiled program.
"""

from __future__ import annotations

import re
from typing import Any

import re2
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from meshcompile.syntax.re2 import syntax_error
from meshcompile.syntax.re2_python import Untranslatable, _tokens, full_matcher, pattern
from meshcompile.syntax.re2_sets import matches_all, parsed

pieces = st.one_of(
    st.sampled_from(list("ab.^$|*+?-:,&é\n 01")),
    st.sampled_from(
        ["(", "(?:", "(?i)", "(?i-s:", "(?P<n>", "(?<m>", "(?-)", "(?i-)", "(?=", "(?!", "(?<=", "(?>", ")"]
    ),
    st.sampled_from(["(?#a)", "(?P=n)", "(?P<1a>", "(?P<>", "(?P<a-b>", "(?P<n"]),
    st.builds("{{{}}}".format, st.sampled_from(["0", "2", "1000", "1001", "2,", "0,1", "3,1", ",3", "01", "100", ""])),
    st.sampled_from(["[", "[^", "]", "[]", "[^]", "a-z", "z-a", "a-\\d", "\\d-a", "[:alpha:]", "[:^word:]", "[:foo:]"]),
    st.sampled_from([f"\\{letter}" for letter in "dDsSwWbBAzZQEGKRXacefnrtuv1890_-]-.\\"]),
    st.sampled_from(["\\é", "\\", "\\12", "\\012", "\\x41", "\\xg", "\\x{10FFFF}", "\\x{110000}", "\\x{}"]),
    st.sampled_from(["\\pL", "\\PN", "\\p{Greek}", "\\p{^Lu}", "\\p{Foo}", "\\p{", "\\p", "\\P{}"]),
)
expressions = st.lists(pieces, max_size=8).map("".join)
CATEGORY = re.compile(r"\\[pP](?:\{\^?[^}]*\}|.)", re.DOTALL)
SHORT_CATEGORY = re.compile(r"\\[pP](?:[LN]|\{(?:\^?(?:Greek|Lu|Foo))?\})")
NAME = re.compile(r"\(\?P?<(\w+)>")


def oracle_error(expression: str) -> str | None:
    """The error of Envoy's RE2 for an expression, or None if it compiles."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 2**30
    try:
        re2.compile(expression, options)
    except re2.error as error:
        return str(error)
    return None


@settings(max_examples=1200)
@given(expressions)
def test_the_syntax_is_that_of_re2(expression: str) -> None:
    """An expression has a syntax error exactly if RE2 finds one, except for the differences between Go and C++."""
    names = NAME.findall(expression)
    assume("\\C" not in expression and len(names) == len(set(names)))
    assume(all(SHORT_CATEGORY.fullmatch(found[0]) for found in CATEGORY.finditer(expression)))
    assert (syntax_error(expression) is None) == (oracle_error(expression) is None), oracle_error(expression)


def test_what_go_and_cpp_read_differently() -> None:
    """The known differences still exist."""
    assert syntax_error(r"\C")
    assert oracle_error(r"\C") is None
    for names in ("(?P<é>a)", "(?P<n>a)(?P<n>b)"):
        assert syntax_error(names)
        assert oracle_error(names) is None
    for category in (r"\p{Letter}", r"\p{any}", r"\pz"):
        assert syntax_error(category) is None
        assert oracle_error(category)


subjects = st.text(st.sampled_from("abAB01 \n.:,&-?{}é_kK\u212a"), max_size=6)


def spans(found: Any) -> list[tuple[int, int]]:
    return [found.span(group) for group in range(found.re.groups + 1)] if found else []


@settings(max_examples=600)
@given(expressions, st.lists(subjects, min_size=1, max_size=4))
def test_translated_expressions_match_as_re2_does(expression: str, texts: list[str]) -> None:
    """An expression that Python can compile after the translation matches the same texts, and finds the same groups."""
    assume("\\C" not in expression and "\\p" not in expression.lower() and oracle_error(expression) is None)
    try:
        translated = pattern(expression)
    except Untranslatable:
        assume(False)
    tree = parsed(_tokens(expression))
    options = re2.Options()
    options.log_errors = False
    original = re2.compile(expression, options)
    for text in texts:
        matched = original.fullmatch(text) is not None
        assert (translated.fullmatch(text) is not None) == matched, (translated.pattern, text)
        assert matches_all(tree, text) == matched, (translated.pattern, text)
        found, expected = translated.search(text), original.search(text)
        assert spans(found) == spans(expected), (translated.pattern, text)


def test_nested_repetitions_take_no_exponential_time() -> None:
    """An expression for which Python would try each of 2 to the 2000 ways is decided."""
    assert not full_matcher("(a+)+b")("a" * 2000)
    assert full_matcher("(/[^/]+)*/?")("/a" * 300)
