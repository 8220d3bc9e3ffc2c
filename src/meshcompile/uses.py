"""The use of each input object for one proxy: the inverted source map, and reasons for unused objects."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from meshcompile.codes.proxies import NOT_USED
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin
from meshcompile.models.base import Resource
from meshcompile.proxy import Proxy
from meshcompile.resolve.skipped import Skipped

# Kinds that no resource comes from directly, and what they affect.
READ_FOR_OTHERS = {
    "Namespace": "its labels affect the objects in it",
    "Node": "it gives its Pods their locality",
    "Pod": "Pods are seen through the EndpointSlices that name them",
    "Secret": "secrets are named in what is sent, and a bootstrap holds them",
    "ConfigMap": "only the mesh config in ConfigMap istio is read",
    "IstioOperator": "only its mesh config is read",
    "IngressClass": "it says which Ingresses are Istio's",
    "ProxyConfig": "it is read when the proxy starts, and is part of its node metadata",
    "WorkloadGroup": "it is read when machines register",
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"), "its Pods are what is seen"
    ),
}

# Reasons for objects that apply to the proxy but contribute nothing.
_NO_TRAFFIC = "a policy that is closer to the workload holds instead, or there is no traffic that it is about"
NOTHING_TO_SAY = {
    "Gateway": "the proxy has no port for its servers",
    "VirtualService": "the proxy has no host or server that it is for",
    **dict.fromkeys(
        (
            "AuthorizationPolicy",
            "RequestAuthentication",
            "PeerAuthentication",
            "Telemetry",
            "WasmPlugin",
            "TrafficExtension",
        ),
        _NO_TRAFFIC,
    ),
}
NO_USE = "the proxy has no use for it"


class Use(Struct, frozen=True):
    """The use of one input object for one proxy.

    `pointers` are JSON pointers into `config.to_dict()` for the parts that come from it, in that order. `reasons` are
    findings about the object. An object without pointers has at least one reason.
    """

    kind: str
    namespace: str
    name: str
    origin: Origin
    pointers: tuple[str, ...]
    reasons: tuple[Diagnostic, ...]


def uses(
    objects: Iterable[Resource],
    proxy: Proxy,
    skipped: Iterable[Skipped],
    sources: Mapping[str, tuple[Origin, ...]],
    diagnostics: Iterable[Diagnostic],
) -> tuple[Use, ...]:
    """The use of every object, by position. `diagnostics` are those of the mesh and of the proxy."""
    pointers, filtered = _pointers(sources), {each.origin.document: each.reason for each in reversed(tuple(skipped))}
    by_document = _by_document(diagnostics)
    accepted = {resource.origin.document: resource for resource in objects}
    rejected = {d.origin.document: d for of_one in by_document.values() for d in of_one if d.rejected}
    every_use = [
        _use(resource, proxy, filtered.get(document, ""), pointers.get(document, ()), by_document.get(document, ()))
        for document, resource in accepted.items()
    ]
    every_use += [
        Use(d.kind, d.namespace, d.name, Origin(document), (), tuple(by_document[document]))
        for document, d in rejected.items()
        if document not in accepted
    ]
    return tuple(sorted(every_use, key=lambda use: (use.origin.file, use.origin.position, use.kind, use.name)))


def _use(
    resource: Resource,
    proxy: Proxy,
    filtered: str,
    pointers: Iterable[str],
    diagnostics: Iterable[Diagnostic],
) -> Use:
    used, reasons = tuple(pointers), tuple(diagnostics)
    if not used and not reasons:
        reason = READ_FOR_OTHERS.get(resource.kind) or filtered or NOTHING_TO_SAY.get(resource.kind, NO_USE)
        reasons = (NOT_USED(resource, proxy=proxy.id, reason=reason),)
    return Use(resource.kind, resource.namespace, resource.name, resource.origin, used, reasons)


def _pointers(sources: Mapping[str, tuple[Origin, ...]]) -> Mapping[Document, dict[str, None]]:
    """Pointers by their source document, without duplicates."""
    by_document: dict[Document, dict[str, None]] = {}
    for pointer, origins in sources.items():
        for origin in origins:
            by_document.setdefault(origin.document, {})[pointer] = None
    return by_document


def _by_document(diagnostics: Iterable[Diagnostic]) -> Mapping[Document, list[Diagnostic]]:
    """Diagnostics by the documents to which they refer."""
    by_document: dict[Document, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        places = (diagnostic.origin, *(related.origin for related in diagnostic.related))
        for document in dict.fromkeys(place.document for place in places):
            by_document.setdefault(document, []).append(diagnostic)
    return by_document
