"""What can be looked up about a journey: places of the input, near misses, and findings about the mesh."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from meshcompile.config import Config
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin
from meshcompile.envoy.message import origins_at
from meshcompile.explain.journey import Journey, Passage
from meshcompile.explain.request import Request
from meshcompile.explain.world import World
from meshcompile.simulate import NearMiss
from meshcompile.simulate.outcomes import Step

ROUTING = ("VirtualService", "Gateway", "DestinationRule", "ServiceEntry", "Sidecar", "HTTPRoute", "Service")
"""The kinds of objects that can be meant for a host without being met."""


class Evidence:
    """One journey, and what is known about it."""

    def __init__(self, world: World, request: Request, journey: Journey) -> None:
        self.world, self.request, self.journey = world, request, journey

    @property
    def decided(self) -> Passage | None:
        """What the deciding proxy did."""
        return self.journey.decided_by

    def steps(self, what: str) -> Sequence[Step]:
        """The steps of the deciding proxy of one kind."""
        return [step for step in self.decided.outcome.steps if step.what == what] if self.decided else []

    @cached_property
    def findings(self) -> Sequence[Diagnostic]:
        """The findings about what the request meets, or what was meant for it, the most severe first."""
        found = self.world.findings(self._concerns)
        return sorted(found, key=lambda each: each.severity, reverse=True)

    def _concerns(self, origin: Origin) -> bool:
        """Whether an object is about the host that is called, or part of what decided."""
        document = origin.document
        if document in self.documents:
            return True
        return document.kind in ROUTING and bool(self.names & self._hosts(document))

    def _hosts(self, document: Document) -> set[str]:
        """The hosts that an object names, and their first labels."""
        resource = self.world.resources.get(document)
        spec = getattr(resource, "spec", None) or value_at(Origin(document), "spec") or {}
        read = spec.get if isinstance(spec, Mapping) else partial(getattr, spec)
        hosts = (*(read("hosts", ()) or ()), read("host", "") or "", document.name)
        return {part for host in hosts for part in (str(host), str(host).partition(".")[0]) if part}

    @cached_property
    def documents(self) -> frozenset[Document]:
        """The documents that the decisions on the way come from."""
        pointers = ((passage, step.pointer) for passage in self.journey.passages for step in passage.outcome.steps)
        return frozenset(origin.document for passage, pointer in pointers for origin in self.places(passage, pointer))

    @cached_property
    def names(self) -> frozenset[str]:
        """The host that is called, and its first label."""
        host = self.request.host
        return frozenset((host, host.partition(".")[0]))

    def places(self, passage: Passage, pointer: str) -> tuple[Origin, ...]:
        """The places that a part of a configuration comes from."""
        return places(passage.config, pointer)

    def of_kind(self, passage: Passage, kind: str, pointers: Sequence[str]) -> Iterator[Origin]:
        """The places in objects of a kind, among those of some parts of a configuration."""
        for pointer in pointers:
            yield from (each for each in self.places(passage, pointer) if each.document.kind == kind)

    def objects(self, kind: str) -> Iterator[Origin]:
        """The accepted objects of a kind."""
        return (each.origin for each in self.world.mesh.objects if each.origin.document.kind == kind)


def places(config: Config, pointer: str) -> tuple[Origin, ...]:
    """The places that the part of a configuration at a JSON pointer comes from, or else the part around it."""
    parts = pointer.split("/")
    if len(parts) < 3 or not parts[2].isdecimal():
        return ()
    return origins_at(getattr(config, parts[1])[int(parts[2])], parts[3:])


def value_at(origin: Origin, *keys: str | int) -> Any:
    """The plain data at a place, and below it; None if there is none."""
    value = origin.document.value
    for key in (*origin.path, *keys):
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def narrowed(origin: Origin, *keys: str | int) -> Origin:
    """The place of the innermost of these keys that the input has."""
    for key in keys:
        if value_at(origin, key) is None:
            return origin
        origin = origin.at(key)
    return origin


def closest(misses: Sequence[NearMiss]) -> Sequence[NearMiss]:
    """The near misses, those with the fewest failed conditions first, then those that are most alike."""
    return sorted(misses, key=lambda miss: (len(miss.failed), -max(map(likeness, miss.failed), default=0)))


def likeness(check: Any) -> float:
    """How much what was found is like what is wanted, from 0 to 1."""
    from difflib import SequenceMatcher

    found, wanted = check.found or "", check.wanted.rpartition("`")[0].partition("`")[2]
    if not found or not wanted:
        return 0.0
    if found.startswith(wanted) or wanted.startswith(found):
        return 1.0
    return SequenceMatcher(None, found.lower(), wanted.lower()).ratio()
