"""Codes, and the diagnostics they make."""

import re

from meshcompile.codes import every_code
from meshcompile.diagnostics import Code, Related, Severity
from meshcompile.source import NOWHERE, Origin
from meshcompile.source.reading import read

TEXT = "kind: Gateway\nmetadata: {name: a, namespace: b}\nspec:\n  x: 1\n"
FOUND = Code("MC9999", "found", Severity.WARNING, "{kind} {name} has {what}")


def test_a_code_makes_a_diagnostic_of_its_place() -> None:
    """A diagnostic knows the resource, the field and the position from the origin alone."""
    (document,) = read(TEXT).documents
    found = FOUND(Origin(document).at("spec", "x"), what="an x", suggestion="remove it")
    assert (found.kind, found.namespace, found.name, found.field) == ("Gateway", "b", "a", "spec.x")
    assert str(found) == "<text>:4:3: warning: Gateway a has an x [MC9999 found]"
    assert (found.suggestion, found.rejected, found.related) == ("remove it", False, ())


def test_the_resource_can_be_named() -> None:
    """A resource that is given wins over the document's."""
    related = Related("the other one", NOWHERE)
    found = FOUND(NOWHERE, what="{braces}", kind="Service", namespace="", name="c", rejected=True, related=(related,))
    assert (found.message, found.rejected, found.related) == ("Service c has {braces}", True, (related,))


def test_diagnostics_sort_by_place() -> None:
    """Diagnostics sort by file, line, column and code, whatever order they were found in."""
    (document,) = read(TEXT).documents
    later, earlier, elsewhere = (
        FOUND(where, what="x") for where in (Origin(document).at("spec"), Origin(document), NOWHERE)
    )
    assert sorted([later, earlier, elsewhere]) == [elsewhere, earlier, later]


def test_codes_are_unique() -> None:
    """No two codes share an id or a slug, and both are spelled as documented."""
    codes = every_code()
    assert len({code.id for code in codes}) == len({code.slug for code in codes}) == len(codes)
    assert all(
        re.fullmatch(r"(MC|IST)\d{4}", code.id) and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code.slug) for code in codes
    )
