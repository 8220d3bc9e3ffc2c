"""What routes attach to: listeners, or Services and ServiceEntries for traffic inside the mesh.

Follows istiod's `extractParentReferenceInfo` and `referenceAllowed`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from meshcompile.models.gateway_api.grpc_route import GRPCRoute
from meshcompile.models.gateway_api.http_route import HTTPRoute
from meshcompile.models.gateway_api.l4_routes import TCPRoute, TLSRoute
from meshcompile.models.gateway_api.references import ParentReference
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.networking.service_entry import ServiceEntry
from meshcompile.models.networking.virtual_service import MESH_GATEWAY
from meshcompile.snapshot.gateway_api.conditions import (
    NO_MATCHING_LISTENER_HOSTNAME,
    NO_MATCHING_PARENT,
    NOT_ALLOWED_BY_LISTENERS,
    Invalid,
)
from meshcompile.snapshot.gateway_api.listeners import ParentListener
from meshcompile.snapshot.gateway_api.references import (
    GATEWAY,
    GRPC_ROUTE,
    HTTP_ROUTE,
    LISTENER_SET,
    SERVICE,
    SERVICE_ENTRY,
    TCP_ROUTE,
    TLS_ROUTE,
    GroupKind,
)
from meshcompile.values.hosts import CLUSTER_DOMAIN, is_wildcard, overlaps, subset_of

Route: TypeAlias = HTTPRoute | GRPCRoute | TLSRoute | TCPRoute

PARENTS = frozenset({GATEWAY, LISTENER_SET, SERVICE, SERVICE_ENTRY})
IN_MESH = frozenset({SERVICE, SERVICE_ENTRY})
ROUTE_KINDS: Mapping[type[Route], GroupKind] = {
    HTTPRoute: HTTP_ROUTE,
    GRPCRoute: GRPC_ROUTE,
    TLSRoute: TLS_ROUTE,
    TCPRoute: TCP_ROUTE,
}


ROUTE_VERSIONS: Mapping[GroupKind, str] = {HTTP_ROUTE: "v1", GRPC_ROUTE: "v1", TLS_ROUTE: "v1", TCP_ROUTE: "v1alpha2"}
"""The version in which istiod reads each kind of routes."""


DENIALS = (NOT_ALLOWED_BY_LISTENERS, NO_MATCHING_LISTENER_HOSTNAME, NO_MATCHING_PARENT)
"""The reasons for which a listener refuses a route. The first comes closest to accepting it."""


class ParentKey(Struct, frozen=True):
    """An object that routes can attach to."""

    kind: GroupKind
    namespace: str
    name: str


class Attachment(Struct, frozen=True):
    """A reference of a route to one listener, or to the mesh: istiod's `routeParentReference`.

    `listener` is None for the mesh. `denied` says why the reference is refused. `other_hosts` are the hosts of the
    other listeners of the Gateway on this port and protocol. `hosts` are those of the Service or ServiceEntry.
    """

    ref: ParentReference
    key: ParentKey
    listener: ParentListener | None
    denied: Invalid | None
    other_hosts: frozenset[str] = frozenset()
    hosts: tuple[str, ...] = ()

    @property
    def in_mesh(self) -> bool:
        return self.listener is None

    @property
    def gateway(self) -> str:
        """The name of the Gateway that VirtualServices are bound to."""
        return MESH_GATEWAY if self.listener is None else self.listener.gateway_name

    def may_route(self, host: str) -> bool:
        """True if no other listener is for the host more exactly than this one: istiod's listener isolation."""
        own = "" if self.listener is None else self.listener.hostname
        if own and not is_wildcard(own):
            return True
        if own and not overlaps(host, own):
            return False
        return not any(len(own) <= len(other) and subset_of(host, other) for other in self.other_hosts)


class Parents(Struct, frozen=True):
    """The objects that routes can attach to."""

    listeners: Mapping[ParentKey, tuple[ParentListener, ...]]
    services: frozenset[tuple[str, str]]
    entries: Mapping[tuple[str, str], ServiceEntry]
    foreign: frozenset[ParentKey] = frozenset()
    """The Services and ServiceEntries whose waypoint belongs to another controller. Routes do not attach to them."""

    def attachments(self, route: Route) -> tuple[Attachment, ...]:
        """The references of a route, one for each listener; references to other controllers' objects are left out."""
        found = (each for ref in route.spec.parent_refs for each in self._attached(route, ref))
        return tuple(sorted(found, key=lambda each: parent_text(each.ref, route.namespace)))

    def _attached(self, route: Route, ref: ParentReference) -> Iterator[Attachment]:
        key = ParentKey(GroupKind(ref.group, ref.kind), ref.namespace or route.namespace, ref.name)
        if key.kind not in PARENTS:
            return
        if key.kind in IN_MESH:
            yield from () if key in self.foreign else (self._in_mesh(ref, key),)
            return
        listeners = self.listeners.get(key, ())
        for listener in listeners:
            yield Attachment(
                ref=ref,
                key=key,
                listener=listener,
                denied=_denied(route, ref, listener),
                other_hosts=_other_hosts(listener, listeners),
            )

    def _in_mesh(self, ref: ParentReference, key: ParentKey) -> Attachment:
        identity = (key.namespace, key.name)
        if key.kind == SERVICE:
            hosts: tuple[str, ...] = (f"{key.name}.{key.namespace}.svc.{CLUSTER_DOMAIN}",)
            what, exists = "service", identity in self.services
        else:
            entry = self.entries.get(identity)
            hosts = () if entry is None else entry.spec.hosts
            what, exists = "service entry", entry is not None
        message = f'parent {what}: "{key.name}" not found'
        denied = None if exists else Invalid(NO_MATCHING_PARENT, message, ref.origin)
        return Attachment(ref, key, None, denied, hosts=hosts)


def parents(
    listeners: Iterable[ParentListener],
    services: Iterable[Service],
    entries: Iterable[ServiceEntry],
    foreign: frozenset[ParentKey] = frozenset(),
) -> Parents:
    """The objects that routes can attach to."""
    groups: dict[ParentKey, list[ParentListener]] = {}
    for listener in listeners:
        key = ParentKey(listener.owner.kind, listener.owner.namespace, listener.owner_name)
        groups.setdefault(key, []).append(listener)
    return Parents(
        listeners={key: tuple(group) for key, group in groups.items()},
        services=frozenset((each.namespace, each.name) for each in services),
        entries={(each.namespace, each.name): each for each in entries},
        foreign=foreign,
    )


def accepted(attachments: Sequence[Attachment]) -> tuple[Attachment, ...]:
    """The attachments that are not denied, by the name of their Gateway."""
    return tuple(sorted((each for each in attachments if each.denied is None), key=lambda each: each.gateway))


def closest_refusals(attachments: Iterable[Attachment]) -> list[Invalid]:
    """Why none of some listeners accepts a route; empty if one does, or if there are none.

    The reasons are those of the listeners that come closest to accepting the route.
    """
    reasons = [each.denied for each in attachments]
    closest = min(map(_distance, reasons), default=0)
    return [reason for reason in reasons if reason is not None and _distance(reason) == closest]


def _distance(denied: Invalid | None) -> int:
    return 0 if denied is None else DENIALS.index(denied.reason) + 1


def parent_text(ref: ParentReference, namespace: str) -> str:
    """The text by which istiod sorts the references of a route."""
    section, port = ref.section_name or "", ref.port or 0
    return f"{ref.group}/{ref.kind}/{ref.name}/{section}/{port}.{ref.namespace or namespace}"


def hostnames(route: Route) -> tuple[str, ...]:
    """The hosts of a route as written. A TCPRoute has none."""
    return () if isinstance(route, TCPRoute) else route.spec.hostnames


def _other_hosts(own: ParentListener, listeners: Iterable[ParentListener]) -> frozenset[str]:
    """The hosts of the other listeners on the port and protocol of a listener."""
    port, protocol = own.listener.port, own.listener.protocol
    others = (
        each.hostname
        for each in listeners
        if each is not own and (each.listener.port, each.listener.protocol) == (port, protocol)
    )
    return frozenset(others) - {own.hostname}


def _denied(route: Route, ref: ParentReference, listener: ParentListener) -> Invalid | None:
    """Why a route may not attach to a listener."""
    kind = ROUTE_KINDS[type(route)]
    if ref.port and ref.port != listener.listener.port:
        return Invalid(NO_MATCHING_PARENT, f"port {ref.port} not found", ref.at("port"))
    if ref.section_name and ref.section_name != listener.listener.name:
        return Invalid(NO_MATCHING_PARENT, f'sectionName "{ref.section_name}" not found', ref.at("section_name"))
    if denied := _hosts_denied(route, ref, listener):
        return denied
    if kind not in listener.kinds:
        return Invalid(
            NOT_ALLOWED_BY_LISTENERS, f"kind {kind.group}/{ROUTE_VERSIONS[kind]}/{kind.kind} is not allowed", ref.origin
        )
    return None


def _hosts_denied(route: Route, ref: ParentReference, listener: ParentListener) -> Invalid | None:
    """Why no host of a route is allowed at a listener. istiod compares texts: `*.com` covers `a.b.com`."""
    matched = False
    for allowed in listener.hosts:
        namespace, _, host = allowed.partition("/")
        if any(overlaps(host, own) for own in hostnames(route) or ("*",)):
            matched = True
            if namespace in ("*", route.namespace):
                return None
    if matched:
        message = (
            f'hostnames matched parent hostname "{listener.hostname}", '
            f'but namespace "{route.namespace}" is not allowed by the parent'
        )
        return Invalid(NOT_ALLOWED_BY_LISTENERS, message, ref.origin)
    message = f'no hostnames matched parent hostname "{listener.hostname}"'
    return Invalid(NO_MATCHING_LISTENER_HOSTNAME, message, ref.origin)
