"""Rules over facts, in CEL.

The expressions are not trusted: their length is limited, and so is how deep their loops nest. An expression can neither
read files nor call anything.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from meshcompile.errors import InvalidArgument, MissingExtra
from meshcompile.models.statements import RuleStatement
from meshcompile.prove.arrivals import Doubt
from meshcompile.prove.facts import CompiledFact, KnownFacts
from meshcompile.prove.results import Violation
from meshcompile.syntax.cel import syntax_error

LONGEST = 2000
"""The number of characters of an expression."""
DEEPEST = 2
"""How deep loops can nest."""
MOST_LOOPS = 8
LOOP = re.compile(r"\.\s*(?:all|exists|exists_one|existsOne|map|filter)\s*\(")
STRING = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
SINGULAR = {
    "hosts": "host",
    "routes": "route",
    "exposures": "exposure",
    "policies": "policy",
    "workloads": "workload",
    "objects": "object",
}
"""The variable of a rule about each of some facts."""


def broken_rules(facts: KnownFacts, rule: RuleStatement) -> Iterator[Violation | Doubt]:
    """The facts that break a rule.

    Raises:
        InvalidArgument: An expression cannot be evaluated, or there are no such facts.
        MissingExtra: There is no CEL library.
    """
    if rule.each and rule.each not in SINGULAR:
        raise InvalidArgument(f"`each: {rule.each}`: known facts are {', '.join(SINGULAR)}")
    holds, selects = _program(rule.holds), _program(rule.where) if rule.where else None
    everything = facts.data if not rule.each or _wants_all(rule) else {}
    if not rule.each:
        if not _truth(holds, everything):
            yield Violation(rule.message or f"`{rule.holds}` is false")
        return
    for each in facts.by_name[rule.each]:
        values = {**everything, SINGULAR[rule.each]: each.data}
        if (selects is None or _truth(selects, values)) and not _truth(holds, values):
            yield _violation(rule, each)


def _wants_all(rule: RuleStatement) -> bool:
    """Whether the expressions of a rule ask for other facts."""
    return any(re.search(rf"\b{name}\b", f"{rule.holds} {rule.where}") for name in SINGULAR)


def _violation(rule: RuleStatement, each: CompiledFact) -> Violation:
    data = each.data
    written = data.get("metadata", data)
    name = written.get("name") or written.get("host") or ""
    what = f"{data.get('kind', SINGULAR[rule.each])} {'/'.join(filter(None, (written.get('namespace'), name)))}"
    return Violation(
        f"{what}: {rule.message}" if rule.message else f"{what}: `{rule.holds}` is false", None, (each.origin,)
    )


def _program(text: str) -> Any:
    """The compiled expression."""
    if len(text) > LONGEST:
        raise InvalidArgument(f"a rule is longer than {LONGEST} characters")
    if (wrong := syntax_error(text)) is not None:
        raise InvalidArgument(f"`{text}` is no expression of CEL: {wrong}")
    bare = STRING.sub("''", text)
    if len(LOOP.findall(bare)) > MOST_LOOPS or _depth(bare) > DEEPEST:
        raise InvalidArgument(f"a rule nests at most {DEEPEST} loops, and has at most {MOST_LOOPS}")
    try:
        import cel  # an extra
    except ImportError as error:
        raise MissingExtra("cel", "check rules over facts") from error
    try:
        return cel.compile(text)
    except ValueError as error:
        raise InvalidArgument(f"`{text}` is no expression of CEL: {str(error).splitlines()[0]}") from error


def _depth(text: str) -> int:
    """How deep loops nest in an expression without strings."""
    opened: list[bool] = []
    deepest, starts = 0, {found.end() - 1 for found in LOOP.finditer(text)}
    for place, symbol in enumerate(text):
        if symbol == "(":
            opened.append(place in starts)
            deepest = max(deepest, sum(opened))
        elif symbol == ")" and opened:
            opened.pop()
    return deepest


def _truth(program: Any, values: Mapping[str, Any]) -> bool:
    """The value of an expression.

    Raises:
        InvalidArgument: It is neither true nor false, or it cannot be evaluated.
    """
    try:
        found = program.execute(dict(values))
    except (ValueError, TypeError, KeyError, RuntimeError, ArithmeticError, IndexError) as error:
        reason = f"there is no field {error}" if isinstance(error, KeyError) else str(error).splitlines()[0]
        raise InvalidArgument(f"`{program.source}` cannot be evaluated: {reason}") from error
    if not isinstance(found, bool):
        raise InvalidArgument(f"`{program.source}` is neither true nor false")
    return found
