"""A match of a VirtualService or an HTTPRoute, with its place."""

from msgspec import Struct

from meshcompile.documents import Origin
from meshcompile.models.networking.virtual_service import HTTPMatchRequest


class PlacedMatch(Struct, frozen=True):
    """A match of a rule, or None for a rule without matches, with the places of the match and of the rule."""

    match: HTTPMatchRequest | None
    place: Origin
    rule: Origin

    @property
    def is_empty(self) -> bool:
        """True for a match without any condition, which another check reports."""
        return self.match is not None and self.match == HTTPMatchRequest(name=self.match.name)
