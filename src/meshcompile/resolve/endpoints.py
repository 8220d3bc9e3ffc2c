"""The load assignments of one proxy's EDS clusters, decided."""

from dataclasses import dataclass

from meshcompile.resolve.view import View


@dataclass(frozen=True, slots=True)
class LoadAssignments:
    """The pieces of one proxy's load assignments."""


def load_assignments(view: View) -> LoadAssignments:
    """The load assignments of a proxy, one per EDS cluster."""
    return LoadAssignments()
