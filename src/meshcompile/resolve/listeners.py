"""The listeners that one proxy gets, decided: a sidecar's, or a gateway's."""

from dataclasses import dataclass

from meshcompile.resolve.view import View


@dataclass(frozen=True, slots=True)
class Listeners:
    """The pieces of one proxy's listeners."""


def listeners(view: View) -> Listeners:
    """The listeners of a proxy."""
    return Listeners()
