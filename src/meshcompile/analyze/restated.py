"""Findings about single objects and across them in one list, each cause once."""

from collections.abc import Iterable, Iterator

from meshcompile.codes.routes import UNREACHABLE_RULE
from meshcompile.codes.schema import SCHEMA_ERROR, SCHEMA_WARNING
from meshcompile.codes.security import HTTP_FIELDS_ON_TCP
from meshcompile.codes.validation import HTTP_IN_DENY, INEFFECTIVE_MATCH
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document

RESTATING = frozenset({SCHEMA_ERROR.id, SCHEMA_WARNING.id})
EXACT = {HTTP_IN_DENY.id: HTTP_FIELDS_ON_TCP.id, INEFFECTIVE_MATCH.id: UNREACHABLE_RULE.id}
"""Codes of general findings, and the code that says the same of one place more exactly."""


def joined(
    single: Iterable[Diagnostic], across: Iterable[Diagnostic], malformed: Iterable[Document]
) -> Iterator[Diagnostic]:
    """The findings about single objects and those across objects, at their exact positions.

    What `analyze` says under istioctl's code for Istio's validation replaces the finding of `validate`. Nothing more is
    said about an object that the API server refuses.
    """
    refused = {(document.kind, document.namespace, document.name) for document in malformed}
    told = [each.at_cause() for each in across if (each.kind, each.namespace, each.name) not in refused]
    named = {each.origin for each in told if each.code == HTTP_FIELDS_ON_TCP.id}  # with the ports it is about
    restated = {each.origin for each in told if each.code in RESTATING}
    yield from (each for each in single if each.origin not in restated)
    yield from (each for each in told if each.code != SCHEMA_WARNING.id or each.origin not in named)


def without_general(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """The diagnostics, without general ones where another finding for the same place is more exact."""
    candidates = tuple(diagnostics)
    exact = {(each.code, each.origin) for each in candidates if each.code in EXACT.values()}
    yield from (each for each in candidates if (EXACT.get(each.code), each.origin) not in exact)
