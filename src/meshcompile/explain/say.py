"""The outcome of a journey in one plain sentence."""

from collections.abc import Sequence

from meshcompile.explain.journey import Journey
from meshcompile.explain.refusals import BLOCKED
from meshcompile.explain.trace import BlamedLine
from meshcompile.explain.world import World
from meshcompile.proxy import ProxyType
from meshcompile.simulate import LocalReply

FLAGS = {
    "NR": "no route takes the request",
    "NC": "the cluster {cluster} does not exist",
    "UH": "the cluster {cluster} has no healthy endpoint",
    "UF": "the connection to the upstream fails",
    "UT": "the upstream does not answer in time",
    "DPE": "the request is malformed",
}


def sentence(world: World, journey: Journey, blame: Sequence[BlamedLine]) -> str:
    """What happens, where, and why, as far as a line is to blame."""
    why = _told(blame[0]) if blame else journey.problem or _reason(journey)
    if journey.answered_by is not None and journey.status is not None and journey.status < 500:
        answered = f"Answered by {journey.answered_by} with {journey.status}"
        return f"{answered}; {why}." if blame else f"{answered}."
    where = f" at {_place(world, journey)}" if journey.decided_by is not None else ""
    if journey.status is None:
        return f"The connection is closed{where}: {why}."
    flags = f" {journey.flags}" if journey.flags not in (None, "-") else ""
    by = f" from {journey.answered_by} itself" if journey.answered_by else ""
    return f"{journey.status}{flags}{by}{where}: {why}."


def _told(line: BlamedLine) -> str:
    """Why a line is to blame, and where it is: `... (VirtualService shop/catalog, catalog.yaml:12)`."""
    document = line.origin.document
    name = f"{document.namespace}/{document.name}" if document.namespace else document.name
    return f"{line.why} ({document.kind} {name}, {line.origin.file}:{line.origin.line})"


def _place(world: World, journey: Journey) -> str:
    """`the proxy of web`, or the name of a gateway."""
    decided = journey.decided_by
    if decided is None:
        return ""
    name = world.name(decided.proxy).rpartition("/")[2].partition(".")[0]
    if decided.proxy.is_waypoint:
        return f"waypoint {name}"
    return f"gateway {name}" if decided.proxy.type is ProxyType.ROUTER else f"the proxy of {name}"


def _reason(journey: Journey) -> str:
    """What the response flags mean, or what the deciding step says."""
    if journey.cluster == BLOCKED:
        return "the host is not registered, and the mesh lets only registered hosts be called (REGISTRY_ONLY)"
    for flag in (journey.flags or "").split(","):
        if flag in FLAGS:
            return FLAGS[flag].format(cluster=journey.cluster or "")
    decided = journey.decided_by
    if decided is None:
        return "nothing answers"
    if isinstance(decided.outcome.ending, LocalReply) and decided.outcome.steps:
        return decided.outcome.steps[-1].decision
    return "the upstream answers"
