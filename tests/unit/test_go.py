"""Values that pass through Go's libraries are printed as Go prints them."""

from __future__ import annotations

import json
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshcompile.golang.json import compact
from meshcompile.golang.urls import joined, with_scheme


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None, {}]}, '{"a":[true,null,{}],"b":1}'),
        ("<é\u2028\x01\b\n\"'>", '"\\u003cé\\u2028\\u0001\\b\\n\\"\'\\u003e"'),
        (1.5e-7, "1.5e-7"),
        (0.000001, "0.000001"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (-12345.678, "-12345.678"),
        (2**53 + 1, "9007199254740992"),
        (0.0, "0"),
        (inf, '"Infinity"'),
        (-inf, '"-Infinity"'),
        (nan, '"NaN"'),
    ],
)
def test_compact_json(value: Any, text: str) -> None:
    """Keys are sorted, there are no spaces, numbers are doubles, and HTML characters are escaped."""
    assert compact(value) == text


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_compact_json_says_the_same(value: Any) -> None:
    """Printed JSON reads as the same data."""
    assert json.loads(compact(value), parse_int=float) == value


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("", "host"),
        ("/", "host/"),
        ("v1/traces", "host/v1/traces"),
        ("/a//b/../c/", "host/a/c/"),
        ("../../up", "up"),
        ("a b?c", "host/a%20b%3Fc"),
        ("kept%20as(it)is", "host/kept%20as(it)is"),
        ("%zz", None),
    ],
)
def test_joined_urls(path: str, url: str | None) -> None:
    """A path is cleaned and joined to a host, a trailing slash is kept, and special characters are escaped."""
    assert joined("host", path) == url


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("registry.io/a:1", "oci://registry.io/a:1"),
        ("OCI://r/a@sha256:0", "oci://r/a@sha256:0"),
        ("https://h/a b.wasm?x=1#y", "https://h/a%20b.wasm?x=1#y"),
        ("localhost:5000/a", "localhost:5000/a"),
        ("http://h/%zz", None),
    ],
)
def test_urls_with_a_scheme(written: str, url: str | None) -> None:
    """A URL without a scheme gets one. Text before a colon counts as a scheme."""
    assert with_scheme(written, "oci") == url
