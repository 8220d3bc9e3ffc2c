"""A description: sections of facts, each with its place.

schemas/describe.json describes the data of `Description.to_dict`.
"""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from meshcompile.documents import Origin


class DescribedFact(Struct, frozen=True):
    """Something that holds. `problem` marks what is likely not meant. `details` say more about it."""

    say: str
    origin: Origin | None = None
    problem: bool = False
    details: tuple["DescribedFact", ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The fact as plain data. `place` is null for what no line of the input says."""
        return {
            "say": self.say,
            "place": place(self.origin),
            "problem": self.problem,
            "details": [each.to_dict() for each in self.details],
        }


class DescribedSection(Struct, frozen=True):
    """The facts about one concern, such as mutual TLS."""

    title: str
    facts: tuple[DescribedFact, ...]

    def to_dict(self) -> dict[str, Any]:
        """The section as plain data."""
        return {"title": self.title, "facts": [each.to_dict() for each in self.facts]}


class Description(Struct, frozen=True):
    """What an object or a proxy is in its mesh. A proxy has the kind `Proxy`, and its workload as the name."""

    kind: str
    name: str
    namespace: str
    origin: Origin | None
    sections: tuple[DescribedSection, ...]

    @property
    def problems(self) -> tuple[DescribedFact, ...]:
        """The facts that are likely not meant, in order."""
        return tuple(_problems(fact for section in self.sections for fact in section.facts))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, as `meshcompile describe -o json` prints it."""
        return {
            "kind": self.kind,
            "name": self.name,
            "namespace": self.namespace,
            "place": place(self.origin),
            "sections": [each.to_dict() for each in self.sections],
        }


def section(title: str, facts: Iterable[DescribedFact]) -> tuple[DescribedSection, ...]:
    """A section, or none without facts."""
    listed = tuple(facts)
    return (DescribedSection(title, listed),) if listed else ()


def place(origin: Origin | None) -> dict[str, Any] | None:
    """`{file, line, field}`."""
    return None if origin is None else {"file": origin.file, "line": origin.line, "field": origin.field}


def _problems(facts: Iterable[DescribedFact]) -> Iterable[DescribedFact]:
    for fact in facts:
        if fact.problem:
            yield fact
        yield from _problems(fact.details)
