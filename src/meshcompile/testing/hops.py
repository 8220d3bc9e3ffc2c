"""What a test can see of one proxy on the way of a request."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from meshcompile.documents import Document, Origin
from meshcompile.explain.evidence import places
from meshcompile.explain.journey import Journey, Passage
from meshcompile.explain.world import World
from meshcompile.simulate import ClosedConnection, ForwardedRequest, LocalReply
from meshcompile.simulate.outcomes import Step


class UpstreamName(Struct, frozen=True):
    """The parts of a cluster's name: `outbound|80|v1|catalog.shop.svc.cluster.local`."""

    host: str | None = None
    subset: str | None = None
    port: int | None = None

    @classmethod
    def of(cls, name: str) -> "UpstreamName":
        """The parts of a name. A cluster that is for no service has none."""
        parts = name.split("|")
        if len(parts) != 4 or not parts[1].isdecimal():
            return cls()
        return cls(parts[3] or None, parts[2] or None, int(parts[1]))


class ObservedHop(Struct, frozen=True):
    """One proxy on the way, with the request that it forwards, or its own response."""

    world: World
    journey: Journey
    passage: Passage | None

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.passage.outcome.steps if self.passage is not None else ()

    @property
    def cluster(self) -> str:
        """The cluster that the route names; "" for none."""
        return self.passage.cluster if self.passage is not None else ""

    @property
    def forwarded(self) -> ForwardedRequest | None:
        ending = self.passage.outcome.ending if self.passage is not None else None
        return ending if isinstance(ending, ForwardedRequest) else None

    @property
    def reply(self) -> LocalReply | None:
        ending = self.passage.outcome.ending if self.passage is not None else None
        return ending if isinstance(ending, LocalReply) else None

    def step(self, what: str) -> Step | None:
        """The last decision of a kind."""
        return next((step for step in reversed(self.steps) if step.what == what), None)

    def places(self, pointer: str) -> tuple[Origin, ...]:
        return places(self.passage.config, pointer) if self.passage is not None else ()

    def objects(self, kind: str, *whats: str) -> list[str]:
        """`NAMESPACE/NAME` of the objects of a kind that decisions of some kinds come from."""
        found = (origin for step in self.steps if step.what in whats for origin in self.places(step.pointer))
        return names(origin.document for origin in found if origin.document.kind == kind)


def names(documents: Iterable[Document]) -> list[str]:
    """`NAMESPACE/NAME` of documents, each once."""
    return list(dict.fromkeys(f"{each.namespace}/{each.name}" for each in documents))


def clients(world: World, journey: Journey) -> tuple[ObservedHop, ...]:
    """The hops that route the request: sidecars of senders and gateways. At least one, which may be no proxy."""
    found = tuple(each for each in journey.passages if each.direction != "inbound") or journey.passages[:1]
    return tuple(ObservedHop(world, journey, each) for each in found or (None,))


def all_places(journey: Journey) -> Iterator[Origin]:
    """The places that all decisions on the way come from."""
    for passage in journey.passages:
        for step in passage.outcome.steps:
            yield from places(passage.config, step.pointer)


SECURITY = frozenset({"AuthorizationPolicy", "RequestAuthentication", "PeerAuthentication"})


def denying(journey: Journey) -> list[str]:
    """`NAMESPACE/NAME` of the policies that deny the request; without one that matches, those that do not allow it."""
    decided = journey.decided_by
    if decided is None or not decided.outcome.steps:
        return []
    if not isinstance(decided.outcome.ending, LocalReply | ClosedConnection):
        return []
    last = decided.outcome.steps[-1]
    pointers = [last.pointer, *(check.pointer for miss in last.near_misses for check in miss.failed)]
    found = (origin for pointer in pointers for origin in places(decided.config, pointer))
    return names(origin.document for origin in found if origin.document.kind in SECURITY)
