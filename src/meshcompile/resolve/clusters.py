"""The clusters that one proxy gets, decided."""

from dataclasses import dataclass

from meshcompile.resolve.view import View


@dataclass(frozen=True, slots=True)
class Clusters:
    """The pieces of one proxy's clusters."""


def clusters(view: View) -> Clusters:
    """The clusters of a proxy."""
    return Clusters()
