"""The rows of an answer to who can call a service: requests that arrive, and what lets them through."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from meshcompile.documents import Origin
from meshcompile.prove.conditions import Conditions
from meshcompile.spaces import Space

MUTUAL_TLS, PLAIN_TEXT = "TLS", "plain text"


class ReachException(Struct, frozen=True):
    """A rule that refuses some of the requests of a row."""

    rule: str
    any_of: tuple[Conditions, ...]
    places: tuple[Origin, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {"rule": self.rule, "any_of": conditions_data(self.any_of), "lines": _lines(self.places)}


class ReachRow(Struct, frozen=True, kw_only=True):
    """Requests that arrive at a port of a workload.

    `via` is the gateway of requests from outside, or the waypoint; else "". `rule` is the rule that lets them through,
    as istiod names it, and for a gateway the name of its route; "" if no policy asks for anything. `policies` are the
    rules of policies that let them through: that of the gateway, and that of the server.

    The requests meet all conditions of one alternative in `any_of`, and none of the rules in `unless`. `callers` are
    known workloads that can send some of them. `connections` are `TLS` and `plain text`. `witness` is one of them, as
    `meshcompile explain --request` takes it; None if `reason` says why none is known. `space` has exactly the requests.
    """

    server: str
    port: int
    via: str = ""
    callers: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    rule: str = ""
    policies: tuple[str, ...] = ()
    any_of: tuple[Conditions, ...] = ((),)
    unless: tuple[ReachException, ...] = ()
    witness: Mapping[str, Any] | None = None
    places: tuple[Origin, ...] = ()
    reason: str = ""
    space: Space = Space()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "to": self.server,
            "port": self.port,
            "via": self.via or None,
            "callers": list(self.callers),
            "connections": list(self.connections),
            "rule": self.rule or None,
            "policies": list(self.policies),
            "any_of": conditions_data(self.any_of),
            "unless": [each.to_dict() for each in self.unless],
            "witness": self.witness and dict(self.witness),
            "lines": _lines(self.places),
            "reason": self.reason or None,
        }


class Reach(Struct, frozen=True):
    """Who can call a service. What no row admits is refused, except for what is in `unknown`."""

    service: str
    rows: tuple[ReachRow, ...]
    unknown: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, as `meshcompile reach -o json` prints it."""
        return {"service": self.service, "rows": [each.to_dict() for each in self.rows], "unknown": list(self.unknown)}


def conditions_data(alternatives: Sequence[Conditions]) -> list[list[dict[str, Any]]]:
    """Alternatives as plain JSON data."""
    return [[each.to_dict() for each in conditions] for conditions in alternatives]


def _lines(places: Sequence[Origin]) -> list[str]:
    return [f"{place.file}:{place.line}" for place in places]
