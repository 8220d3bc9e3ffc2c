"""What tests reach: rules, matches, destinations, subsets, hosts, servers and policies, by their lines in the input."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from meshcompile.documents import Document, Origin, Path
from meshcompile.explain.evidence import places
from meshcompile.explain.journey import Journey, Passage
from meshcompile.mesh import Mesh
from meshcompile.testing.comparing import is_host
from meshcompile.testing.hops import UpstreamName
from meshcompile.testing.judge import Verdict

RULES: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "VirtualService": (("http", "match", "route"), ("tls", "match", "route"), ("tcp", "match", "route")),
    "HTTPRoute": (("rules", "matches", "backendRefs"),),
    "GRPCRoute": (("rules", "matches", "backendRefs"),),
}
"""The lists of rules of each kind of route, with the lists of their matches and destinations."""
PARTS: Mapping[str, tuple[str, str]] = {
    "DestinationRule": ("subsets", "subset"),
    "AuthorizationPolicy": ("rules", "policy rule"),
    "Gateway": ("servers", "server"),
}
"""The list of parts of other kinds, and what each part is."""
HOSTS = frozenset({"VirtualService", "ServiceEntry"})
"""The kinds whose hosts count."""


class CoverageTarget(Struct, frozen=True):
    """A part of the input that a test can reach. `what` is its kind: `rule`, `match`, `subset`, `host` ..."""

    what: str
    origin: Origin

    @property
    def name(self) -> str:
        """`match spec.http[0].match[0] of VirtualService shop/catalog`."""
        document = self.origin.document
        return f"{self.what} {self.origin.field} of {document.kind} {document.namespace}/{document.name}"


class Coverage(Struct, frozen=True):
    """How many tests reach each target, by file and line."""

    counts: tuple[tuple[CoverageTarget, int], ...]

    @property
    def percent(self) -> float:
        """The share of the targets that are reached. Without targets, 100."""
        return 100.0 * self.reached / len(self.counts) if self.counts else 100.0

    @property
    def reached(self) -> int:
        return sum(count > 0 for _, count in self.counts)

    @property
    def missed(self) -> tuple[CoverageTarget, ...]:
        """What no test reaches, by file and line."""
        return tuple(target for target, count in self.counts if not count)

    def by_file(self) -> Mapping[str, "Coverage"]:
        """The coverage of each file."""
        files: dict[str, list[tuple[CoverageTarget, int]]] = {}
        for target, count in self.counts:
            files.setdefault(target.origin.file, []).append((target, count))
        return {file: Coverage(tuple(counts)) for file, counts in files.items()}

    def lines(self) -> Mapping[int, int]:
        """The number of tests that reach each line. The innermost target of a line counts."""
        found: dict[int, int] = {}
        for target, count in sorted(self.counts, key=lambda each: len(each[0].origin.path)):
            found.update(dict.fromkeys(covered_lines(target.origin), count))
        return dict(sorted(found.items()))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data: the share in percent, and each target with its place and count."""
        targets = [
            {"what": each.what, "field": each.origin.field, "file": each.origin.file, "line": each.origin.line,
             "tests": count}
            for each, count in self.counts
        ]  # fmt: skip
        return {"percent": round(self.percent, 2), "targets": targets}


def covered_lines(origin: Origin) -> range:
    """The lines of a part of a document. A block ends before the next key."""
    span = origin.document.place(origin.path)
    return range(span.key.line, max(span.end.line, span.key.line + 1))


def coverage(mesh: Mesh, verdicts: Iterable[Verdict]) -> Coverage:
    """What tests reach of a mesh. A test reaches a part if one of its outcomes does."""
    tests = Counter(place for verdict in verdicts for place in {*reached(verdict.journeys)})
    found = sorted(targets(mesh), key=lambda each: (each.origin.file, *each.origin.position, len(each.origin.path)))
    return Coverage(tuple((each, tests[document_key(each.origin.document), each.origin.path]) for each in found))


def targets(mesh: Mesh) -> Iterator[CoverageTarget]:
    """The parts of the mesh that tests can reach. Objects without a text are left out."""
    seen: set[tuple[Any, ...]] = set()
    for resource in mesh.objects:
        origin = resource.origin
        if origin.document.text and document_key(origin.document) not in seen:
            seen.add(document_key(origin.document))
            yield from _of_object(origin, origin.document.value.get("spec") or {})


def _of_object(origin: Origin, spec: Mapping[str, Any]) -> Iterator[CoverageTarget]:
    kind = origin.document.kind
    for rules, matches, destinations in RULES.get(kind, ()):
        for index, rule in enumerate(spec.get(rules) or ()):
            yield from _of_rule(origin.at("spec", rules, index), rule, matches, destinations)
    if kind in PARTS:
        field, what = PARTS[kind]
        yield from (CoverageTarget(what, origin.at("spec", field, at)) for at in range(len(spec.get(field) or ())))
    if kind in HOSTS:
        yield from (
            CoverageTarget("host", origin.at("spec", "hosts", at)) for at in range(len(spec.get("hosts") or ()))
        )


def _of_rule(origin: Origin, rule: Mapping[str, Any], matches: str, destinations: str) -> Iterator[CoverageTarget]:
    """A rule, each of its matches, and each of its destinations if it has several."""
    yield CoverageTarget("rule", origin)
    yield from (CoverageTarget("match", origin.at(matches, at)) for at in range(len(rule.get(matches) or ())))
    several = len(rule.get(destinations) or ())
    yield from (
        CoverageTarget("destination", origin.at(destinations, at)) for at in range(several if several > 1 else 0)
    )


def document_key(document: Document) -> tuple[Any, ...]:
    """What tells documents apart."""
    return document.file, document.index, document.kind, document.namespace, document.name


def reached(journeys: Iterable[Journey]) -> Iterator[tuple[tuple[Any, ...], Path]]:
    """The places that decisions come from, and the parts around them."""
    for journey in journeys:
        for passage in journey.passages:
            for origin in (*_decisive(passage), *_hosts(passage)):
                key = document_key(origin.document)
                yield from ((key, origin.path[:length]) for length in range(3, len(origin.path) + 1))


def _decisive(passage: Passage) -> Iterator[Origin]:
    for step in passage.outcome.steps:
        yield from places(passage.config, step.pointer)
    choice = passage.outcome.route
    if choice is not None and choice.weighted is not None:
        yield from choice.weighted.origins


def _hosts(passage: Passage) -> Iterator[Origin]:
    """The hosts of the VirtualService that routes the request, and of the ServiceEntry that it is sent to."""
    for step in passage.outcome.steps:
        match step.what:
            case "virtual host":
                named = step.name.rpartition(":")[0]
            case "cluster":
                named = UpstreamName.of(step.name).host or ""
            case _:
                continue
        for origin in places(passage.config, step.pointer):
            if origin.document.kind in HOSTS:
                yield from _of_host(origin, named)


def _of_host(origin: Origin, named: str) -> Iterator[Origin]:
    hosts = origin.document.value.get("spec", {}).get("hosts") or ()
    for index, host in enumerate(hosts):
        if is_host(str(host), named):
            yield Origin(origin.document, ("spec", "hosts", index))
