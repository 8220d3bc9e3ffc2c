"""VirtualServices with merged delegates, by gateway and by visibility.

Follows istiod's `model.VirtualServiceController` and `PushContext.initVirtualServices`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from itertools import chain, compress
from operator import not_
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.models.networking.virtual_service import MESH_GATEWAY, HTTPRoute, TCPRoute, TLSRoute, VirtualService
from meshcompile.snapshot.delegates import DelegatedRule, Delegates
from meshcompile.snapshot.exports import EVERYWHERE, NOBODY, exported_to
from meshcompile.snapshot.resources import NO_CREATION_TIME, ConfigStore, oldest_first
from meshcompile.snapshot.short_names import (
    qualified_gateway,
    qualified_http,
    qualified_tcp,
    qualified_tls,
)
from meshcompile.values.hosts import is_wildcard, qualified

if TYPE_CHECKING:  # checking VirtualServices needs neither of them
    from meshcompile.models.mesh.mesh_config import MeshConfig
    from meshcompile.snapshot.gateway_api.converted import FromGatewayApi
    from meshcompile.snapshot.ingress import FromIngresses

# The annotation of a VirtualService that selects the semantics of its matches.
SEMANTICS_ANNOTATION = "internal.istio.io/route-semantics"
# The annotation of a generated VirtualService that names the kind it comes from.
PARENTS_ANNOTATION = "internal.istio.io/parents"


class Semantics(StrEnum):
    """The API whose semantics a VirtualService follows.

    One that comes from an Ingress or the Gateway API matches whole path segments. With those of the Gateway API, Envoy
    answers 500 in place of a backend that does not exist.
    """

    ISTIO = ""
    INGRESS = "ingress"
    GATEWAY = "gateway"


class MergedVirtualService(Struct, frozen=True, eq=False, dict=True):
    """A VirtualService with its delegates merged in; compared by identity.

    `hosts` and the hosts of destinations are full names. `gateways` are `namespace/name` or `mesh`, and never empty.
    `roots` has the origin of the delegating rule for each rule of `http`; it is empty without delegates.
    """

    name: str
    namespace: str
    creation_time: str
    hosts: tuple[str, ...]
    gateways: tuple[str, ...]
    export_to: frozenset[str]
    http: tuple[HTTPRoute, ...]
    tls: tuple[TLSRoute, ...]
    tcp: tuple[TCPRoute, ...]
    origin: Origin
    semantics: Semantics = Semantics.ISTIO
    roots: tuple[Origin | None, ...] = ()
    from_tls_route: bool = False  # its `tls` rules also route connections whose TLS a gateway has ended

    @property
    def resource(self) -> str:
        """The path of the resource in the Kubernetes API, as in Envoy's metadata."""
        return f"/apis/networking.istio.io/v1/namespaces/{self.namespace}/virtual-service/{self.name}"

    @cached_property
    def http_origins(self) -> tuple[tuple[tuple[Origin, ...], ...], ...]:
        """For each HTTP rule, the origins of each of its matches, or one entry if it has no match.

        Each entry has the origins of the match, of the rule, and of the root's rule that delegated to it.
        """
        roots = self.roots or (None,) * len(self.http)
        return tuple(_rule_origins(rule, root) for rule, root in zip(self.http, roots, strict=True))

    @cached_property
    def destination_hosts(self) -> tuple[str, ...]:
        """The hosts that HTTP rules send or mirror requests to, each once."""
        return tuple(dict.fromkeys(host for rule in self.http for host in _destination_hosts(rule)))

    @cached_property
    def exact_hosts(self) -> tuple[tuple[str, str], ...]:
        """The hosts without a wildcard, each as written and in lower case."""
        return tuple((host, host.lower()) for host in self.hosts if not is_wildcard(host))

    @cached_property
    def wildcards(self) -> tuple[str, ...]:
        """The hosts with a wildcard, in lower case."""
        return tuple(host.lower() for host in self.hosts if is_wildcard(host))

    @cached_property
    def matches_namespaces(self) -> bool:
        """True if some HTTP match asks for the namespace of the client."""
        return any(match.source_namespace for rule in self.http for match in rule.match)

    @cached_property
    def source_namespaces(self) -> frozenset[str]:
        """The namespaces of clients that matches ask for."""
        http = (match.source_namespace for rule in self.http for match in rule.match)
        tls = (match.source_namespace for rule in self.tls for match in rule.match)
        tcp = (match.source_namespace for rule in self.tcp for match in rule.match)
        return frozenset(filter(None, (*http, *tls, *tcp)))


def _destination_hosts(rule: HTTPRoute) -> Iterator[str]:
    mirrors = (mirror.destination for mirror in rule.mirrors)
    for destination in (*(target.destination for target in rule.route), rule.mirror, *mirrors):
        if destination is not None:
            yield destination.host


def _rule_origins(rule: HTTPRoute, root: Origin | None) -> tuple[tuple[Origin, ...], ...]:
    whole = (rule.origin,) if root is None else (rule.origin, root)
    return tuple((match.origin, *whole) for match in rule.match) or (whole,)


class VirtualServiceIndex(Struct, frozen=True, dict=True):
    """VirtualServices by gateway: those of the proxy's own namespace, those exported to it, and public ones."""

    all: tuple[MergedVirtualService, ...] = ()
    findings: tuple[Diagnostic, ...] = ()

    def for_gateway(self, namespace: str, gateway: str) -> tuple[MergedVirtualService, ...]:
        """The VirtualServices for proxies of a namespace on a gateway (`namespace/name` or `mesh`), in order of
        precedence.

        Private ones come before exported ones, and those before public ones. Each group is ordered oldest first. Of
        public ones, those of the Gateway API from the proxy's own namespace come first.
        """
        groups = self._by_gateway.get(gateway, {})
        public = groups.get(_PUBLIC, ())
        own = [each.semantics is Semantics.GATEWAY and each.namespace == namespace for each in public]
        if any(own):
            public = (*compress(public, own), *compress(public, map(not_, own)))
        return groups.get((namespace, True), ()) + groups.get((namespace, False), ()) + public

    @cached_property
    def label_keys(self) -> frozenset[str]:
        """The proxy labels that matches read: two proxies with equal values of these labels get the same routes."""
        http = (match for each in self.all for rule in each.http for match in rule.match)
        tls = (match for each in self.all for rule in each.tls for match in rule.match)
        tcp = (match for each in self.all for rule in each.tcp for match in rule.match)
        labels = chain((m.source_labels for m in http), (m.source_labels for m in tls), (m.source_labels for m in tcp))
        return frozenset(key for each in labels for key in each)

    @cached_property
    def _by_gateway(self) -> Mapping[str, Mapping[tuple[str, bool], tuple[MergedVirtualService, ...]]]:
        """VirtualServices by gateway, and by (namespace that sees them, whether it is their own namespace)."""
        index: dict[str, dict[tuple[str, bool], list[MergedVirtualService]]] = {}
        for virtual_service in self.all:
            for gateway in virtual_service.gateways:  # a gateway that is listed twice is bound twice
                for audience in _audiences(virtual_service):
                    index.setdefault(gateway, {}).setdefault(audience, []).append(virtual_service)
        return {gateway: {key: tuple(group) for key, group in groups.items()} for gateway, groups in index.items()}


_PUBLIC = (EVERYWHERE, False)


def _audiences(virtual_service: MergedVirtualService) -> Iterable[tuple[str, bool]]:
    """The namespaces that see a VirtualService, each with whether it is the VirtualService's own."""
    if EVERYWHERE in virtual_service.export_to:
        return (_PUBLIC,)
    if NOBODY in virtual_service.export_to:
        return ()
    return tuple((namespace, namespace == virtual_service.namespace) for namespace in virtual_service.export_to)


Merge = Callable[[VirtualService, tuple[str, ...]], MergedVirtualService]
"""Makes what `completed` makes."""


def virtual_service_index(
    resources: ConfigStore,
    mesh: MeshConfig,
    ingresses: FromIngresses,
    gateway_api: FromGatewayApi,
    merge: Merge | None = None,
) -> VirtualServiceIndex:
    """The index of the accepted VirtualServices, and of those generated from Ingresses and the Gateway API."""
    every = (*resources.all(VirtualService), *ingresses.virtual_services, *gateway_api.virtual_services)
    written = sorted(every, key=oldest_first)
    index = index_of(written, mesh.default_virtual_service_export_to or (EVERYWHERE,), merge or completed)
    return replace(index, findings=(*ingresses.findings, *index.findings))


def completed(virtual_service: VirtualService, everywhere: tuple[str, ...]) -> MergedVirtualService:
    """A VirtualService that delegates to none. `everywhere` is the default export."""
    return _merged(virtual_service, Delegates.of((), everywhere), everywhere)


def index_of(
    written: Iterable[VirtualService], everywhere: tuple[str, ...] = (EVERYWHERE,), merge: Merge = completed
) -> VirtualServiceIndex:
    """The index of VirtualServices, oldest first. `everywhere` is the default export."""
    delegates = Delegates.of(written, everywhere)
    merged = tuple(
        _merged(each, delegates, everywhere) if _delegates(each) else merge(each, everywhere)
        for each in written
        if each.spec.hosts
    )
    return VirtualServiceIndex(merged, tuple(delegates.findings))


def _delegates(virtual_service: VirtualService) -> bool:
    return any(rule.delegate is not None for rule in virtual_service.spec.http)


def _merged(virtual_service: VirtualService, delegates: Delegates, everywhere: tuple[str, ...]) -> MergedVirtualService:
    spec, namespace, semantics = virtual_service.spec, virtual_service.namespace, _semantics(virtual_service)
    if semantics is Semantics.GATEWAY:
        return _generated(virtual_service, everywhere)
    has_delegates = semantics is Semantics.ISTIO and any(rule.delegate is not None for rule in spec.http)
    if has_delegates:
        rules = delegates.rules(virtual_service)
    else:
        rules = tuple(DelegatedRule(qualified_http(rule, namespace)) for rule in spec.http)
    return MergedVirtualService(
        name=virtual_service.name,
        namespace=namespace,
        creation_time=virtual_service.metadata.creation_timestamp or NO_CREATION_TIME,
        hosts=tuple(qualified(host, namespace) for host in spec.hosts),
        gateways=tuple(qualified_gateway(gateway, namespace) for gateway in spec.gateways) or (MESH_GATEWAY,),
        export_to=exported_to(spec.export_to or everywhere, namespace),
        http=tuple(each.rule for each in rules),
        tls=tuple(qualified_tls(rule, namespace) for rule in spec.tls),
        tcp=tuple(qualified_tcp(rule, namespace) for rule in spec.tcp),
        semantics=semantics,
        origin=virtual_service.origin,
        roots=tuple(each.root for each in rules) if has_delegates else (),
    )


def _generated(virtual_service: VirtualService, everywhere: tuple[str, ...]) -> MergedVirtualService:
    """A VirtualService of the Gateway API, whose names are full names already."""
    spec, metadata = virtual_service.spec, virtual_service.metadata
    return MergedVirtualService(
        name=virtual_service.name,
        namespace=virtual_service.namespace,
        creation_time=metadata.creation_timestamp or NO_CREATION_TIME,
        hosts=spec.hosts,
        gateways=spec.gateways or (MESH_GATEWAY,),
        export_to=exported_to(spec.export_to or everywhere, virtual_service.namespace),
        http=spec.http,
        tls=spec.tls,
        tcp=spec.tcp,
        origin=virtual_service.origin,
        semantics=Semantics.GATEWAY,
        from_tls_route=metadata.annotations.get(PARENTS_ANNOTATION) == "TLSRoute",
    )


def _semantics(virtual_service: VirtualService) -> Semantics:
    annotated = virtual_service.metadata.annotations.get(SEMANTICS_ANNOTATION)
    return Semantics(annotated) if annotated in (Semantics.INGRESS, Semantics.GATEWAY) else Semantics.ISTIO
