"""What became of each object of the input for one proxy: the source map turned around, and why nothing came of some."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from meshcompile.codes.proxies import NOT_USED
from meshcompile.diagnostics import Diagnostic
from meshcompile.labels import selects
from meshcompile.models.base import Resource
from meshcompile.models.kubernetes.custom_workload import CustomWorkload
from meshcompile.models.networking.gateway import Gateway
from meshcompile.models.networking.virtual_service import VirtualService
from meshcompile.proxy import Proxy
from meshcompile.source import Document, Origin

# Kinds of which nothing is sent as such, and what they are read for.
READ_FOR_OTHERS = {
    "Namespace": "its labels decide about the objects in it",
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


@dataclass(frozen=True, slots=True)
class Use:
    """What became of one object of the input for one proxy.

    `pointers` are the JSON pointers into `config.to_dict()` of what came from it, in that order. `reasons` is what was
    found about the object; where nothing came from it there is at least one.
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
    root_namespace: str,
    sources: Mapping[str, tuple[Origin, ...]],
    diagnostics: Iterable[Diagnostic],
) -> tuple[Use, ...]:
    """The use of every object, by place; `diagnostics` are those of the mesh and of the proxy."""
    pointers = _pointers(sources)
    found = _by_document(diagnostics)
    accepted = {resource.origin.document: resource for resource in objects}
    rejected = {d.origin.document: d for of_one in found.values() for d in of_one if d.rejected}
    made = [
        _use(resource, proxy, root_namespace, pointers.get(document, ()), found.get(document, ()))
        for document, resource in accepted.items()
    ]
    made += [
        Use(d.kind, d.namespace, d.name, Origin(document), (), tuple(found[document]))
        for document, d in rejected.items()
        if document not in accepted
    ]
    return tuple(sorted(made, key=lambda use: (use.origin.file, use.origin.position, use.kind, use.name)))


def _use(
    resource: Resource,
    proxy: Proxy,
    root_namespace: str,
    pointers: Iterable[str],
    found: Iterable[Diagnostic],
) -> Use:
    used, reasons = tuple(pointers), tuple(found)
    if not used and not reasons:
        reason = _reason(resource, proxy, root_namespace)
        reasons = (NOT_USED(resource, proxy=proxy.id, reason=reason),)
    return Use(resource.kind, resource.namespace, resource.name, resource.origin, used, reasons)


def _pointers(sources: Mapping[str, tuple[Origin, ...]]) -> Mapping[Document, dict[str, None]]:
    """Pointers by the document that they came from, each once."""
    by_document: dict[Document, dict[str, None]] = {}
    for pointer, origins in sources.items():
        for origin in origins:
            by_document.setdefault(origin.document, {})[pointer] = None
    return by_document


def _by_document(diagnostics: Iterable[Diagnostic]) -> Mapping[Document, list[Diagnostic]]:
    """Diagnostics by the documents that they speak about."""
    by_document: dict[Document, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        places = (diagnostic.origin, *(related.origin for related in diagnostic.related))
        for document in dict.fromkeys(place.document for place in places):
            by_document.setdefault(document, []).append(diagnostic)
    return by_document


def _reason(resource: Resource, proxy: Proxy, root_namespace: str) -> str:
    """Why nothing came of an object of which nothing is known to be wrong."""
    return next(_reasons(resource, proxy, root_namespace))


def _reasons(resource: Resource, proxy: Proxy, root_namespace: str) -> Iterator[str]:
    if resource.kind in READ_FOR_OTHERS:
        yield READ_FOR_OTHERS[resource.kind]
    spec = getattr(resource, "spec", None)
    match resource:
        case CustomWorkload():
            yield READ_FOR_OTHERS["Deployment"]
        case Gateway():
            if not proxy.is_router:
                yield "only gateways read it"
            if not selects(resource.spec.selector, proxy.labels):
                yield "its selector does not match the proxy's labels"
            yield "the proxy has no port for its servers"
        case VirtualService():
            if proxy.is_sidecar and resource.spec.gateways and "mesh" not in resource.spec.gateways:
                yield "it is for gateways and not for sidecars"
            yield "the proxy has no host or server that it is for"
        case _:
            pass
    selector = getattr(spec, "selector", None) or getattr(spec, "workload_selector", None)
    labels = getattr(selector, "match_labels", None) or getattr(selector, "labels", None) or {}
    if hasattr(spec, "selector") and resource.kind != "Service":
        if resource.namespace not in (proxy.namespace, root_namespace):
            yield f"it is for the workloads of namespace {resource.namespace}"
        if not selects(labels, proxy.labels):
            yield "its selector does not match the proxy's labels"
        yield "a policy that is closer to the workload holds instead, or there is no traffic that it is about"
    yield "the proxy does not see it, or has no use for it"
