"""What became of a statement: proved, refuted with witnesses, or unknown with the reason."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from meshcompile.codes.proofs import REFUTED_STATEMENT, UNKNOWN_STATEMENT
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.documents import Origin


class ProofStatus(StrEnum):
    """What is known of a statement."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


class Violation(Struct, frozen=True):
    """Something that a statement excludes.

    `witness` is a request as `meshcompile explain --request` takes it; None for a violation that is not about a
    request. `places` are the lines to blame, the first one first.
    """

    text: str
    witness: Mapping[str, Any] | None = None
    places: tuple[Origin, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        lines = [f"{place.file}:{place.line}" for place in self.places]
        return {"text": self.text, "witness": self.witness and dict(self.witness), "lines": lines}


class StatementResult(Struct, frozen=True):
    """A statement, and what is known of it. `reason` says why that is not more."""

    name: str
    status: ProofStatus
    origin: Origin
    violations: tuple[Violation, ...] = ()
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "name": self.name,
            "status": str(self.status),
            "violations": [each.to_dict() for each in self.violations],
            "reason": self.reason or None,
        }

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The findings: one per violation, at the first line to blame, or else at the statement."""
        match self.status:
            case ProofStatus.PROVED:
                return ()
            case ProofStatus.UNKNOWN:
                return (UNKNOWN_STATEMENT(self.origin, statement=self.name, reason=self.reason),)
            case ProofStatus.REFUTED:
                return tuple(self._finding(each) for each in self.violations)

    def _finding(self, violation: Violation) -> Diagnostic:
        first, *others = (*violation.places, self.origin)
        related = tuple(Related("the statement" if place is self.origin else "see also", place) for place in others)
        return REFUTED_STATEMENT(first, statement=self.name, violation=violation.text, related=related)


class Proofs(Struct, frozen=True):
    """The results of statements, in their order. `unusable` are findings about those that cannot be checked."""

    results: tuple[StatementResult, ...]
    unusable: tuple[Diagnostic, ...] = ()

    @property
    def proved(self) -> bool:
        """Whether every statement is proved."""
        return not self.unusable and all(each.status is ProofStatus.PROVED for each in self.results)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The findings: about statements that cannot be checked, and those of the others."""
        return (*self.unusable, *(found for each in self.results for found in each.diagnostics))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {"proved": self.proved, "statements": [each.to_dict() for each in self.results]}
