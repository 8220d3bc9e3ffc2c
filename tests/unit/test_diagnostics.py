"""Codes and diagnostics."""

import json
import re
from importlib import import_module
from itertools import product
from pathlib import Path

import pytest

from meshcompile import codes
from meshcompile.codes import every_code
from meshcompile.diagnostics import Code, Related, Severity
from meshcompile.documents import NOWHERE, Origin
from meshcompile.source.reading import read

TEXT = "kind: Gateway\nmetadata: {name: a, namespace: b}\nspec:\n  x: 1\n"
FOUND = Code("MC9999", "found", Severity.WARNING, "{kind} {name} has {what}")


def test_a_code_makes_a_diagnostic_of_its_place() -> None:
    """The resource, the field and the position of a diagnostic are derived from its origin."""
    (document,) = read(TEXT).documents
    found = FOUND(Origin(document).at("spec", "x"), what="an x", suggestion="remove it")
    assert (found.kind, found.namespace, found.name, found.field) == ("Gateway", "b", "a", "spec.x")
    assert str(found) == "<text>:4:3: warning: Gateway a has an x [MC9999 found]"
    assert (found.suggestion, found.rejected, found.related) == ("remove it", False, ())


def test_the_resource_can_be_named() -> None:
    """An explicit resource overrides the document's."""
    related = Related("the other one", NOWHERE)
    found = FOUND(NOWHERE, what="{braces}", kind="Service", namespace="", name="c", rejected=True, related=(related,))
    assert (found.message, found.rejected, found.related) == ("Service c has {braces}", True, (related,))


def test_diagnostics_sort_by_place() -> None:
    """Diagnostics sort by file, line, column and code, regardless of the order in which they were found."""
    (document,) = read(TEXT).documents
    later, earlier, elsewhere = (
        FOUND(where, what="x") for where in (Origin(document).at("spec"), Origin(document), NOWHERE)
    )
    assert sorted([later, earlier, elsewhere]) == [elsewhere, earlier, later]


def test_codes_are_unique() -> None:
    """No two codes share an ID or a slug, both have the documented format, and each has a text for its page."""
    found = every_code()
    assert len({code.id for code in found}) == len({code.slug for code in found}) == len(found)
    assert all(
        re.fullmatch(r"(MC|IST)\d{4}", code.id) and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code.slug) for code in found
    )
    assert [code.id for code in found if not code.docs.strip()] == []


def test_every_area_is_found() -> None:
    """Every module in the folder is an area, so all codes have pages and are checked for uniqueness."""
    modules = {path.stem for path in Path(codes.__file__).parent.glob("*.py")} - {"__init__"}
    assert set(codes.areas()) == modules
    assert {"clusters", "services"} <= modules


def test_severities_are_ordered_by_badness() -> None:
    """An error is greater than a warning, and a warning than an info, also compared with their texts."""
    worst_last = [Severity.INFO, Severity.WARNING, Severity.ERROR]
    assert sorted(Severity) == worst_last
    assert max(Severity) is Severity.ERROR
    for (i, low), (j, high) in product(enumerate(worst_last), repeat=2):
        for other in (high, str(high.value)):
            assert (low < other, low <= other, low == other) == (i < j, i <= j, i == j)
            assert (low > other, low >= other, low != other) == (i > j, i >= j, i != j)
            assert (other > low, other >= low, other < low, other <= low) == (j > i, j >= i, j < i, j <= i)


def test_a_severity_is_a_text() -> None:
    """A severity equals its text and is formatted as its text. Other texts cannot be compared."""
    assert [str(severity) for severity in Severity] == ["error", "warning", "info"] == list(Severity)
    assert f"{Severity.ERROR}" == "error"
    assert {"error": 1}[Severity.ERROR] == 1
    with pytest.raises(ValueError, match="fatal"):
        _ = Severity.ERROR < "fatal"


def test_a_diagnostic_as_plain_data() -> None:
    """The data of a diagnostic has its position and its object, and is JSON."""
    (document,) = read(TEXT).documents
    related = Related("the other one", Origin(document))
    found = FOUND(Origin(document).at("spec", "x"), what="an x", suggestion="remove it", related=(related,))
    assert json.loads(json.dumps(found.to_dict())) == {
        "code": "MC9999",
        "slug": "found",
        "severity": "warning",
        "message": "Gateway a has an x",
        "file": "<text>",
        "line": 4,
        "column": 3,
        "field": "spec.x",
        "kind": "Gateway",
        "namespace": "b",
        "name": "a",
        "rejected": False,
        "suggestion": "remove it",
        "effect": "",
        "fixes": [],
        "related": [
            {"message": "the other one", "place": "<text>:1:1", "file": "<text>", "line": 1, "column": 1},
        ],
    }


def test_every_code_is_used() -> None:
    """Every code is the finding of some module outside of the registry."""
    folder = Path(codes.__file__).parent
    texts = [path.read_text() for path in folder.parent.rglob("*.py") if path.parent != folder]
    used = {name for text in texts for name in re.findall(r"\b[A-Z][A-Z0-9_]+\b", text)}
    names = {
        name
        for area in codes.areas()
        for name, value in vars(import_module(f"{codes.__name__}.{area}")).items()
        if isinstance(value, Code)
    }
    assert names - used == set()
