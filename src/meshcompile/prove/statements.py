"""Reads the statements of documents, and says what is wrong with them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from meshcompile.codes.proofs import UNUSABLE_STATEMENT
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document
from meshcompile.models.lenient import read_leniently
from meshcompile.models.statements import (
    AlwaysStatement,
    NeverStatement,
    OnlyStatement,
    RoutePolicy,
    RuleStatement,
    Statement,
    Statements,
)

KINDS = ("never", "always", "only", "no_route_without", "rule")


class ReadStatements(Struct, frozen=True):
    """The statements that can be checked, in order, and findings about the others."""

    statements: tuple[Statement, ...]
    diagnostics: tuple[Diagnostic, ...]


def statements_of(documents: Iterable[Document]) -> ReadStatements:
    """The statements of documents: each has `statements`, or is one statement."""
    found: list[Statement] = []
    wrong: list[Diagnostic] = []
    for document in documents:
        for each in _of_document(document):
            (found if isinstance(each, Statement) else wrong).append(each)  # type: ignore[arg-type]  # sorted by type
    return ReadStatements(tuple(found), tuple(wrong))


def _of_document(document: Document) -> Iterator[Statement | Diagnostic]:
    if isinstance(document.value, Mapping) and "statements" not in document.value:
        one, problems = read_leniently(document, Statement)
        read = tuple(filter(None, [one]))
    else:
        several, problems = read_leniently(document, Statements)
        read = several.statements if several is not None else ()
    yield from problems
    wrong = {each.origin.path[:2] for each in problems}
    for each in read:
        if each.origin.path not in wrong and not (problems and not each.origin.path):
            yield _problem(each) or each


def _problem(statement: Statement) -> Diagnostic | None:
    """What is wrong with a statement that says nothing, or several things."""
    said = [name for name in KINDS if getattr(statement, name) is not None]
    if len(said) == 1:
        return None
    found = " and ".join(f"`{name}`" for name in said) or "none"
    problem = f"a statement says one of {', '.join(KINDS)}: {found} found"
    return UNUSABLE_STATEMENT(statement.origin, problem=problem, kind="", namespace="", name="")


def said(statement: Statement) -> NeverStatement | AlwaysStatement | OnlyStatement | RuleStatement | RoutePolicy:
    """What a statement says."""
    for name in KINDS:
        value: Any = getattr(statement, name)
        if value is not None:
            found: NeverStatement | AlwaysStatement | OnlyStatement | RuleStatement | RoutePolicy = value
            return found
    raise ValueError("the statement says nothing")


def named(statement: Statement) -> str:
    """The name of a statement: its own, or a sentence."""
    if statement.name:
        return statement.name
    match said(statement):
        case NeverStatement() as never:
            path = f" to {never.path}" if never.path else ""
            return f"no request{path} from {never.from_ or 'anyone'} reaches {never.reaches}"
        case AlwaysStatement() as always:
            wanted = {"mtls": always.mtls, "timeout": always.timeout, "retries": always.retries}
            return f"always {', '.join(f'{k}: {v}' for k, v in wanted.items() if v)} to {always.to}"
        case OnlyStatement() as only:
            return f"only {', '.join(only.principals)} may call {only.may_call}"
        case RoutePolicy() as policy:
            return f"no route without {policy}"
        case RuleStatement() as rule:
            return rule.message or rule.holds
