"""Strategies for Envoy's matchers of texts, for sets of requests that are compared with evaluation."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from meshcompile.envoy.type.matcher import RegexMatcher, StringMatcher

FLAGS = {"invert_match": st.booleans(), "treat_missing_header_as_empty": st.booleans()}
"""The fields of a header matcher that turn it around."""


def regex_matchers(expressions: Sequence[str]) -> st.SearchStrategy[RegexMatcher]:
    """Matchers with one of these expressions."""
    return st.sampled_from(expressions).map(lambda expression: RegexMatcher(regex=expression))


def string_matchers(texts: Sequence[str], expressions: Sequence[str]) -> st.SearchStrategy[StringMatcher]:
    """Matchers of every form with one of these texts or expressions."""
    text = st.sampled_from(texts)
    return st.one_of(
        st.builds(StringMatcher, exact=text, ignore_case=st.booleans()),
        st.builds(StringMatcher, prefix=text, ignore_case=st.booleans()),
        st.builds(StringMatcher, suffix=text),
        st.builds(StringMatcher, contains=text),
        st.builds(StringMatcher, safe_regex=regex_matchers(expressions)),
    )
