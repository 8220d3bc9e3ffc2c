"""The mesh as a description reads it: its proxies, compiled on first use, and what each of them makes of an object."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Protocol

from msgspec import Struct

from meshcompile.config import Config
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin
from meshcompile.explain.world import ReadMesh
from meshcompile.models.base import Resource
from meshcompile.proxy import Proxy
from meshcompile.resolve.facts import ProxyFacts, proxy_facts
from meshcompile.resolve.scope.workload import placed
from meshcompile.resolve.skipped_objects import SkippedObjects
from meshcompile.unreachable.found import UnreachableRoute
from meshcompile.unreachable.parts import unreachable_parts
from meshcompile.uses import NO_USE, NOTHING_TO_SAY, READ_FOR_OTHERS


class DescribableMesh(ReadMesh, Protocol):
    """A mesh whose proxies are all compiled."""

    @property
    def namespace(self) -> str: ...

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]: ...

    def origin_of(self, proxy: Proxy) -> Origin | None: ...

    def compile_all(self) -> Iterator[Config]: ...

    def analyze(self) -> tuple[Diagnostic, ...]: ...


class RunningProxy(Struct, frozen=True, eq=False):
    """A proxy with the name of its workload, and its facts."""

    name: str
    proxy: Proxy
    facts: ProxyFacts


class DescribedWorld:
    """A mesh, and what is computed of it for descriptions."""

    def __init__(self, mesh: DescribableMesh) -> None:
        self.mesh, self.snapshot = mesh, mesh.snapshot

    @cached_property
    def proxies(self) -> tuple[RunningProxy, ...]:
        """The proxies, by namespace and name."""
        return tuple(self.running(each.proxy, each.workload) for each in self.mesh.named_proxies)

    def running(self, proxy: Proxy, name: str) -> RunningProxy:
        """A proxy with its facts."""
        return RunningProxy(name, proxy, proxy_facts(self.snapshot, placed(self.snapshot, proxy)))

    @cached_property
    def configs(self) -> Mapping[str, Config]:
        """The configurations of all proxies, by the proxy's id."""
        return {config.proxy.id: config for config in self.mesh.compile_all()}

    @cached_property
    def used(self) -> Mapping[str, Mapping[Document, frozenset[Origin]]]:
        """For each proxy, the places of each document that its configuration comes from."""
        return {name: _by_document(config) for name, config in self.configs.items()}

    def places_in(self, proxy: Proxy, document: Document) -> frozenset[Origin]:
        """The places of a document that the configuration of a proxy comes from."""
        return self.used.get(proxy.id, {}).get(document, frozenset())

    def reason(self, running: RunningProxy, resource: Resource) -> str:
        """Why a proxy gets nothing of an object."""
        kind = resource.kind
        skipped = SkippedObjects(self.snapshot, running.facts).all
        left_out = next((each.reason for each in skipped if each.origin.document is resource.origin.document), "")
        return READ_FOR_OTHERS.get(kind) or left_out or NOTHING_TO_SAY.get(kind, NO_USE)

    @cached_property
    def unreachable(self) -> tuple[UnreachableRoute, ...]:
        """The rules that no request reaches."""
        return unreachable_parts(self.configs.values())

    @cached_property
    def findings(self) -> tuple[Diagnostic, ...]:
        """The findings about the mesh, the worst first."""
        found = dict.fromkeys((*self.mesh.diagnostics, *self.mesh.analyze()))
        return tuple(sorted(found, key=lambda each: each.severity.rank))

    def about(self, documents: Iterable[Document]) -> Iterator[Diagnostic]:
        """The findings about some documents."""
        wanted = frozenset(documents)
        return (each for each in self.findings if each.origin.document in wanted)


def _by_document(config: Config) -> Mapping[Document, frozenset[Origin]]:
    found: dict[Document, set[Origin]] = {}
    for origins in config.source_map().values():
        for origin in origins:
            found.setdefault(origin.document, set()).add(origin)
    return {document: frozenset(origins) for document, origins in found.items()}
