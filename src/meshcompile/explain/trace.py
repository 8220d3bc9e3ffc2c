"""The explanation of a request: its outcome, what to blame, and every decision on its way.

schemas/trace.json describes the data of `Trace.to_dict`.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from meshcompile.documents import Origin


class BlamedLine(Struct, frozen=True):
    """A place of the input, and why it is to blame, or why it only looks guilty."""

    origin: Origin
    why: str

    def to_dict(self) -> dict[str, Any]:
        """`{file, line, field, why}`."""
        return {"file": self.origin.file, "line": self.origin.line, "field": self.origin.field, "why": self.why}


class TraceStep(Struct, frozen=True):
    """A decision of a proxy: what was chosen, its name in Envoy, and the places of the input that it comes from."""

    what: str
    name: str
    decision: str
    places: tuple[Origin, ...] = ()
    near_misses: tuple[BlamedLine, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The step as plain data."""
        return {
            "what": self.what,
            "name": self.name,
            "decision": self.decision,
            "places": [f"{origin.file}:{origin.line}:{origin.column}" for origin in self.places],
            "near_misses": [each.to_dict() for each in self.near_misses],
        }


class Hop(Struct, frozen=True):
    """A proxy on the way. `direction` is `outbound`, `inbound`, `gateway`, `waypoint` or `ztunnel`."""

    proxy: str
    direction: str
    steps: tuple[TraceStep, ...]

    def to_dict(self) -> dict[str, Any]:
        """The hop as plain data."""
        return {"proxy": self.proxy, "direction": self.direction, "steps": [each.to_dict() for each in self.steps]}


class TraceOutcome(Struct, frozen=True):
    """What becomes of the request.

    `status` is None for a closed connection, `flags` are Envoy's response flags at `proxy`, where it is decided.
    `cluster` is the one that gets the request, or does not exist. `answered_by` is `NAME.NAMESPACE VERSION` of the
    workload, or a host outside. `say` is the outcome in one sentence. `share` is its share in percent.
    """

    status: int | None
    flags: str | None
    cluster: str | None
    proxy: str | None
    answered_by: str | None
    say: str
    share: float = 100.0
    depends_on: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The outcome as plain data."""
        return {
            "status": self.status,
            "flags": self.flags,
            "cluster": self.cluster,
            "proxy": self.proxy,
            "answered_by": self.answered_by,
            "say": self.say,
            **({"depends_on": list(self.depends_on)} if self.depends_on else {}),
        }


class Trace(Struct, frozen=True):
    """The explanation of a request. `outcome` is the most likely one of `outcomes`, and `hops` is its way.

    If several workloads are equally likely to answer, the `answered_by` of `outcome` is None, and `hops` is the way to
    the first of them.
    """

    request: Mapping[str, Any]
    outcome: TraceOutcome
    hops: tuple[Hop, ...]
    blame: tuple[BlamedLine, ...] = ()
    near_misses: tuple[BlamedLine, ...] = ()
    outcomes: tuple[TraceOutcome, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, as `meshcompile explain -o json` prints it."""
        several = len(self.outcomes) > 1
        shares = {"outcomes": [{"share": each.share, **each.to_dict()} for each in self.outcomes]} if several else {}
        return {
            "request": dict(self.request),
            "outcome": self.outcome.to_dict(),
            "blame": [each.to_dict() for each in self.blame],
            "near_misses": [each.to_dict() for each in self.near_misses],
            "hops": [each.to_dict() for each in self.hops],
            **shares,
        }
