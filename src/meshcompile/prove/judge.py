"""Decides statements: each is proved, refuted with a request that shows it, or unknown with the reason."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, assert_never

from meshcompile.codes.proofs import UNUSABLE_STATEMENT
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document
from meshcompile.errors import InvalidArgument, UnknownProxy
from meshcompile.explain.world import World
from meshcompile.models.statements import (
    AlwaysStatement,
    NeverStatement,
    OnlyStatement,
    RoutePolicy,
    RuleStatement,
    Statement,
)
from meshcompile.prove.arrivals import Doubt, Question, ServedArrival, arrivals
from meshcompile.prove.clients import UNPROVEN, Clients, clients, globbed, principals
from meshcompile.prove.facts import KnownFacts
from meshcompile.prove.gateways import gateway_arrivals
from meshcompile.prove.requests import Wanted
from meshcompile.prove.results import Proofs, ProofStatus, StatementResult, Violation
from meshcompile.prove.routes import broken, lacking, limits
from meshcompile.prove.rules import broken_rules
from meshcompile.prove.servers import target
from meshcompile.prove.statements import named, said, statements_of
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.spaces import OptionalText, Space, any_of, space

Finding = Violation | Doubt
EXCUSES = ("principal", "path", "method")
JWT = "jwt"


def proofs(world: World, documents: Iterable[Document]) -> Proofs:
    """The results of the statements of documents."""
    read = statements_of(documents)
    facts = KnownFacts(world)
    found = [judged(world, each, facts) for each in read.statements]
    unusable = (*read.diagnostics, *(each for each in found if isinstance(each, Diagnostic)))
    return Proofs(tuple(each for each in found if isinstance(each, StatementResult)), unusable)


def judged(world: World, statement: Statement, facts: KnownFacts) -> StatementResult | Diagnostic:
    """What is known of a statement, or why it cannot be checked."""
    try:
        found = tuple(_findings(world, statement, facts))
    except (InvalidArgument, UnknownProxy) as error:
        return UNUSABLE_STATEMENT(statement.origin, problem=str(error), kind="", namespace="", name="")
    return _result(statement, found)


def _result(statement: Statement, found: Sequence[Finding]) -> StatementResult:
    violations = tuple(each for each in found if isinstance(each, Violation))
    reason = next((each.reason for each in found if isinstance(each, Doubt)), "")
    status = ProofStatus.REFUTED if violations else ProofStatus.UNKNOWN if reason else ProofStatus.PROVED
    return StatementResult(named(statement), status, statement.origin, violations, reason)


def _findings(world: World, statement: Statement, facts: KnownFacts) -> Iterator[Finding]:
    match said(statement):
        case NeverStatement() as never:
            yield from _violations(world, _never(world, never))
        case AlwaysStatement() as always:
            yield from _always(world, always)
        case OnlyStatement() as only:
            yield from _violations(world, _only(world, only))
        case RoutePolicy() as policy:
            yield from broken(world, world.mesh.proxies(), None, lacking(policy))
        case RuleStatement() as rule:
            yield from broken_rules(facts, rule)
        case other:
            assert_never(other)


def _never(world: World, never: NeverStatement) -> Question:
    excused = any_of(_excused(each) for each in never.unless if each != JWT)
    return Question(
        clients(world, never.from_),
        target(world, never.reaches),
        Wanted(never.path, never.method, never.host),
        excused,
        without_tokens=JWT in never.unless,
    )


def _excused(each: str | Mapping[str, str]) -> Space:
    """The requests that may arrive in spite of a statement.

    Raises:
        InvalidArgument: It is neither `jwt` nor one of the known conditions.
    """
    if isinstance(each, str):
        raise InvalidArgument(f"`unless` has `{each}`: expected `{JWT}`, or one of {', '.join(EXCUSES)} with a value")
    if unknown := sorted(each.keys() - set(EXCUSES)):
        raise InvalidArgument(f"`unless` has `{unknown[0]}`: known are {JWT}, {', '.join(EXCUSES)}")
    conditions: dict[str, Any] = {
        name: OptionalText(principals(text)) if name == "principal" else globbed(text) for name, text in each.items()
    }
    return space(conditions)


def _only(world: World, only: OnlyStatement) -> Question:
    allowed = any_of(space(principal=OptionalText(principals(each))) for each in only.principals)
    return Question(clients(world, ""), target(world, only.may_call), Wanted(only.path, only.method), allowed)


def _violations(world: World, question: Question) -> Iterator[Finding]:
    """The requests of a question that arrive."""
    asked = gateway_arrivals if question.clients.outside else arrivals
    for each in asked(world, question):
        if isinstance(each, ServedArrival):
            request = each.found.request
            sender = request.get("from") or request.get("principal") or "a client that proves no identity"
            text = f"{request['method']} {request['url']} from {sender} reaches {each.server.name}"
            yield Violation(text, request, each.found.places)
        else:
            yield each


def _always(world: World, always: AlwaysStatement) -> Iterator[Finding]:
    """What breaks a statement about all requests to a service.

    Raises:
        InvalidArgument: It says nothing.
    """
    broken_by = tuple(limits(always))
    if not broken_by and always.mtls is None:
        raise InvalidArgument("`always` says nothing: give `mtls`, `timeout` or `retries`")
    if always.mtls is not None:
        yield from _without_mtls(world, always)
    who = clients(world, always.from_)
    wanted = None if always.to == "*" else target(world, always.to)
    for each in broken_by:
        yield from broken(world, _routing(world, who), wanted, each)


def _without_mtls(world: World, always: AlwaysStatement) -> Iterator[Finding]:
    """Requests that arrive without mutual TLS. Who sends them is not known then."""
    if always.to == "*":
        raise InvalidArgument("`mtls: strict` needs a service in `to`")
    unproven = Clients("anyone", space(principal=UNPROVEN))
    yield from _violations(world, Question(unproven, target(world, always.to)))


def _routing(world: World, who: Clients) -> Iterable[Proxy]:
    """The proxies that route the requests of some clients."""
    if who.outside:
        return [each for each in world.mesh.proxies() if each.type is ProxyType.ROUTER]
    return world.mesh.proxies() if who.name == "anyone" else who.workloads
