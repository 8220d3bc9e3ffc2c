"""Plain data of workloads as Go reads, merges and prints it."""

from __future__ import annotations

from typing import Any

import pytest

from meshcompile.inject.merge import patched_pod
from meshcompile.inject.quantities import canonical_quantity
from meshcompile.inject.typed import typed
from meshcompile.inject.yaml_text import yaml_text


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("1000m", "1"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("0.1Gi", "107374182400m"),
        ("1000", "1k"),
        ("007", "007"),
        ("5e-1", "500e-3"),
        ("0.0001n", "1n"),
    ],
)
def test_quantities_have_one_form(written: str, canonical: str) -> None:
    """A quantity is printed in the canonical form of its family of suffixes."""
    assert canonical_quantity(written) == canonical


@pytest.mark.parametrize("text", ["", "1x", "1.2.3", "Pi", "1 Gi"])
def test_other_text_is_no_quantity(text: str) -> None:
    """A text that is no quantity is refused."""
    with pytest.raises(ValueError, match=r"quantity|number"):
        canonical_quantity(text)


def pod(*names: str) -> dict[str, Any]:
    return {"metadata": {}, "spec": {"containers": [{"name": name, "resources": {}} for name in names]}, "status": {}}


@pytest.mark.parametrize(
    ("original", "patch", "order"),
    [
        (("a", "b"), ("c",), ("c", "a", "b")),
        (("a", "b", "c"), ("c", "d"), ("a", "b", "c", "d")),
        (("a", "b", "a"), ("d",), ("d", "a", "a", "b")),
    ],
)
def test_items_of_a_patch_keep_their_order(original: Any, patch: Any, order: Any) -> None:
    """The patch's items come in its order, the others around them, and those of one name together."""
    merged = patched_pod(pod(*original), {"spec": {"containers": [{"name": name} for name in patch]}})
    assert tuple(each["name"] for each in merged["spec"]["containers"]) == order


def test_numbers_become_text_where_text_is_expected() -> None:
    """A label that is a number is text, and unknown fields and empty values are left out."""
    read = typed({"metadata": {"labels": {"a": 1.5, "b": True}}, "spec": {"hostPID": False, "new": 1}}, "Pod")
    assert read == {"metadata": {"labels": {"a": "1.5", "b": "true"}}, "spec": {"containers": None}, "status": {}}


def test_yaml_is_gos() -> None:
    """Keys are in natural order, and text has quotes where YAML would read another type."""
    value = {"b10": "8080", "b9": "yes", "a": "=", "c": "x: y", "d": "one\ntwo", "e": "word " * 20}
    wrapped = "word word word word word word word word word word word word word word word word\n  word word word word "
    assert yaml_text(value) == f"a: =\nb9: \"yes\"\nb10: \"8080\"\nc: 'x: y'\nd: |-\n  one\n  two\ne: '{wrapped}'\n"
