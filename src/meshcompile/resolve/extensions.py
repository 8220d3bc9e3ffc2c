"""The extension configurations (ECDS) that one proxy's filters discover, decided."""

from dataclasses import dataclass

from meshcompile.resolve.view import View


@dataclass(frozen=True, slots=True)
class Extensions:
    """The pieces of one proxy's extension configurations."""


def extensions(view: View) -> Extensions:
    """The extension configurations of a proxy."""
    return Extensions()
