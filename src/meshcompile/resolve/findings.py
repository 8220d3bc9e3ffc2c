"""What one compilation has to say: diagnostics about conflicts, rules without effect, and what is not supported."""

from collections.abc import Iterable

from meshcompile.diagnostics import Diagnostic


class Findings:
    """Diagnostics in the order they were found, each once."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}

    def add(self, diagnostic: Diagnostic) -> None:
        self._found[diagnostic] = None

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            self.add(diagnostic)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All of them, by place."""
        return tuple(sorted(self._found))
