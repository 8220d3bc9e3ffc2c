"""All verdicts of a run, and their counts."""

from typing import Any

from msgspec import Struct

from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.testing.coverage import Coverage
from meshcompile.testing.judge import Verdict


class SuiteResults(Struct, frozen=True):
    """The verdicts in order, what is wrong with the suites, and the coverage if it is asked for."""

    verdicts: tuple[Verdict, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    coverage: Coverage | None = None

    def count(self, result: str) -> int:
        """The number of tests with a result."""
        return sum(each.result == result for each in self.verdicts)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings because of which tests are not run."""
        return tuple(each for each in self.diagnostics if each.severity is Severity.ERROR)

    @property
    def passed(self) -> bool:
        return not self.errors and all(each.passed for each in self.verdicts)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, as `meshcompile test -o json` prints it."""
        counts = {"passed": self.count("passed"), "failed": self.count("failed"), "errors": self.count("error")}
        return {
            "summary": {"tests": len(self.verdicts), **counts},
            "tests": [each.to_dict() for each in self.verdicts],
            "findings": [each.to_dict() for each in self.diagnostics],
            **({"coverage": self.coverage.to_dict()} if self.coverage is not None else {}),
        }
