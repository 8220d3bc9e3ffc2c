"""What a proxy imports. Follows istiod's SidecarScope (`pilot/pkg/model/sidecar.go`).

A sidecar sees what the egress listeners of its Sidecar import. Each listener has its own services and VirtualServices.
The services of the scope are the union of these, plus the destinations of the imported VirtualServices. Gateways and
waypoints see everything that is visible to their namespace.
"""

from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.models.mesh.mesh_config import OutboundTrafficPolicyMode as MeshPolicyMode
from meshcompile.models.networking.sidecar import IstioEgressListener, OutboundTrafficPolicy, Sidecar
from meshcompile.models.networking.virtual_service import MESH_GATEWAY
from meshcompile.proxy import Proxy
from meshcompile.queries import Key, query
from meshcompile.resolve.scope.common_view import view_of
from meshcompile.resolve.scope.imported_hosts import ANY_NAMESPACE, ImportedHosts, imported_hosts, imports_of
from meshcompile.resolve.scope.merged_services import merged_services
from meshcompile.snapshot.destination_rules import MergedDestinationRule
from meshcompile.snapshot.destinations import destinations
from meshcompile.snapshot.service import Registry, Service
from meshcompile.snapshot.services import service_age
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.snapshot.virtual_services import MergedVirtualService, Semantics
from meshcompile.values.hosts import covering, is_wildcard
from meshcompile.values.labels import Labels, selects
from meshcompile.values.ports import Protocol, protocol_named


class ScopeKey(Key, frozen=True):
    """The proxies of a namespace that share a Sidecar (its namespace and name), or have none.

    `seen_from` is the namespace. It is COMMON_VIEW for sidecars of any namespace without a view of its own.
    `is_gateway` marks gateways and waypoints, which see everything that is visible to their namespace.
    """

    seen_from: str
    sidecar: tuple[str, str] | None = None
    is_gateway: bool = False


class EgressListener(Struct, frozen=True):
    """One egress listener of a Sidecar, and what it imports.

    `spec` is None for the default listener of proxies without a Sidecar, or with a Sidecar that has no egress
    listeners. `most_specific` maps the host of each service to the VirtualService with the most specific host that
    covers it.
    """

    spec: IstioEgressListener | None
    services: tuple[Service, ...]
    virtual_services: tuple[MergedVirtualService, ...]
    most_specific: Mapping[str, MergedVirtualService]

    @property
    def port(self) -> int | None:
        """The port of the listener; None when it serves every port, 0 for a unix socket."""
        return None if self.spec is None or self.spec.port is None else self.spec.port.number

    @property
    def bind(self) -> str:
        return "" if self.spec is None else self.spec.bind


class SidecarScope(Struct, frozen=True):
    """The services and rules that a proxy sees. Proxies with one Sidecar and namespace share it.

    `outbound_traffic_policy` is None for gateways.
    """

    key: ScopeKey
    sidecar: Sidecar | None
    egress_listeners: tuple[EgressListener, ...]
    services: tuple[Service, ...]
    outbound_traffic_policy: OutboundTrafficPolicy | None
    resolves_unknown_hosts: bool
    destination_rules: Mapping[str, tuple[MergedDestinationRule, ...]]
    services_by_hostname: Mapping[str, Service]

    @property
    def seen_from(self) -> str:
        """The namespace of the proxies, or COMMON_VIEW."""
        return self.key.seen_from

    def service(self, hostname: str) -> Service | None:
        """The service with a host; None when the scope does not import it."""
        return self.services_by_hostname.get(hostname)

    def egress_rank(self, port: int, bind: str = "") -> int | None:
        """The position of the first egress listener that serves a port, or this unix socket when the port is 0."""
        listeners = enumerate(self.egress_listeners)
        return next((rank for rank, listener in listeners if _serves(listener, port, bind)), None)

    def destination_rule(self, hostname: str, labels: Labels) -> MergedDestinationRule | None:
        """The DestinationRule for a host and a client with these labels.

        It is the first rule whose workloadSelector selects the client, or the last rule without a selector. Selectors
        apply only in rules of the client's own namespace.
        """
        for rule in self.destination_rules.get(hostname, ()):
            if rule.namespace == self.seen_from and _selects_client(rule, labels):
                return rule
        return self.inbound_destination_rule(hostname)

    def inbound_destination_rule(self, hostname: str) -> MergedDestinationRule | None:
        """The DestinationRule that a server uses for its own host.

        It is the last rule without a selector, since selectors select clients.
        """
        rules = self.destination_rules.get(hostname, ())
        return next((rule for rule in reversed(rules) if rule.workload_selector is None), None)

    @property
    def has_ingress(self) -> bool:
        """True when the Sidecar declares inbound ports, which replace the ports of services."""
        return self.sidecar is not None and bool(self.sidecar.spec.ingress)


def scope_key(snapshot: Snapshot, proxy: Proxy) -> ScopeKey:
    """The scope key of a proxy."""
    if not proxy.is_sidecar:
        return ScopeKey(proxy.namespace, is_gateway=True)
    sidecar = snapshot.sidecars.for_workload(proxy.namespace, proxy.labels)
    if sidecar is None:
        return ScopeKey(view_of(snapshot, proxy.namespace))
    return ScopeKey(proxy.namespace, (sidecar.namespace, sidecar.name))


@query
def sidecar_scope(snapshot: Snapshot, key: ScopeKey) -> SidecarScope:
    """The scope of a key."""
    return _gateway_scope(snapshot, key) if key.is_gateway else _sidecar_scope(snapshot, key)


@query
def l4_scope(snapshot: Snapshot, key: ScopeKey) -> SidecarScope:
    """The scope of a key without the VirtualServices that only route HTTP.

    Whatever depends on services and connections reads this one, so that it does not depend on HTTP routes.
    """
    scope = sidecar_scope(snapshot, key)
    return replace(scope, egress_listeners=tuple(map(_without_http, scope.egress_listeners)))


def _without_http(listener: EgressListener) -> EgressListener:
    routes = tuple(route for route in listener.virtual_services if route.tls or route.tcp)
    return replace(listener, virtual_services=routes, most_specific={})


def _gateway_scope(snapshot: Snapshot, key: ScopeKey) -> SidecarScope:
    services = merged_services(snapshot.services.visible_to(key.seen_from))
    listener = EgressListener(None, (), tuple(snapshot.virtual_services.for_gateway(key.seen_from, MESH_GATEWAY)), {})
    return _scope(snapshot, key, (listener,), services)


def _sidecar_scope(snapshot: Snapshot, key: ScopeKey) -> SidecarScope:
    namespace = key.seen_from
    sidecar = None if key.sidecar is None else snapshot.sidecars.named(*key.sidecar)
    specs = (sidecar.spec.egress if sidecar is not None else ()) or (None,)
    listeners = tuple(_egress_listener(snapshot, spec, namespace) for spec in specs)
    services = merged_services(_imported(snapshot, listeners, namespace))
    own_policy = sidecar.spec.outbound_traffic_policy if sidecar is not None else None
    policy = _mesh_policy(snapshot, None) if own_policy is None else own_policy
    scope = _scope(snapshot, key, listeners, services, sidecar, policy)
    return replace(scope, resolves_unknown_hosts=own_policy is None and _resolves_unknown_hosts(snapshot))


def _scope(
    snapshot: Snapshot,
    key: ScopeKey,
    listeners: tuple[EgressListener, ...],
    services: tuple[Service, ...],
    sidecar: Sidecar | None = None,
    policy: OutboundTrafficPolicy | None = None,
) -> SidecarScope:
    rules = {service.hostname: snapshot.destination_rules.lookup(key.seen_from, service) for service in services}
    return SidecarScope(
        key=key,
        sidecar=sidecar,
        egress_listeners=listeners,
        services=services,
        outbound_traffic_policy=policy,
        resolves_unknown_hosts=False,
        destination_rules={hostname: group for hostname, group in rules.items() if group},
        services_by_hostname={service.hostname: service for service in services},
    )


@query
def _mesh_policy(snapshot: Snapshot, key: None) -> OutboundTrafficPolicy | None:
    """The mesh's policy as a Sidecar would set it.

    A Sidecar has no ALLOW_ANY_DYNAMIC_DNS, which becomes ALLOW_ANY for what is not HTTP. In releases that do not
    resolve hosts, it becomes REGISTRY_ONLY.
    """
    policy = snapshot.mesh.outbound_traffic_policy
    if policy is None:
        return None
    allowed = policy.mode is MeshPolicyMode.ALLOW_ANY or _resolves_unknown_hosts(snapshot)
    return OutboundTrafficPolicy.model_validate({"mode": "ALLOW_ANY" if allowed else "REGISTRY_ONLY"})


def _resolves_unknown_hosts(snapshot: Snapshot) -> bool:
    """Whether the mesh lets sidecars resolve the hosts of requests that no service has."""
    policy = snapshot.mesh.outbound_traffic_policy
    is_dynamic = policy is not None and policy.mode is MeshPolicyMode.ALLOW_ANY_DYNAMIC_DNS
    return is_dynamic and snapshot.behaviour.dynamic_outbound


def _selects_client(rule: MergedDestinationRule, labels: Labels) -> bool:
    return rule.workload_selector is not None and selects(rule.workload_selector, labels)


def _serves(listener: EgressListener, port: int, bind: str) -> bool:
    if listener.port is None:
        return True
    return listener.port == port and (port != 0 or listener.bind == bind)


# ---- egress listeners


def _egress_listener(snapshot: Snapshot, spec: IstioEgressListener | None, namespace: str) -> EgressListener:
    written = ("*/*",) if spec is None else spec.hosts
    imports = imported_hosts(written, namespace, may_exclude=snapshot.behaviour.excluded_hosts)
    routes = tuple(
        virtual_service
        for virtual_service in snapshot.virtual_services.for_gateway(namespace, MESH_GATEWAY)
        if _is_imported(virtual_service, imports)
    )
    services = _one_namespace_per_host(
        (
            trimmed
            for service in _importable(snapshot, imports, namespace)
            if (trimmed := _imported_service(service, imports, _only_port(spec))) is not None
        ),
        namespace,
    )
    return EgressListener(spec, services, routes, most_specific_routes(routes, services))


def _is_imported(virtual_service: MergedVirtualService, imports: Mapping[str, ImportedHosts]) -> bool:
    """True if one of the hosts is imported and not excluded."""
    of_namespace = tuple(imports_of(imports, virtual_service.namespace))
    as_service = virtual_service.semantics is Semantics.GATEWAY
    return any(
        any(hosts.match_route(host, as_service=as_service) for hosts in of_namespace)
        and not any(hosts.excludes(host) for hosts in of_namespace)
        for host in virtual_service.hosts
    )


def _importable(snapshot: Snapshot, imports: Mapping[str, ImportedHosts], namespace: str) -> Iterable[Service]:
    """The services from which a listener imports: all visible ones, or in some releases those with its exact hosts."""
    everywhere = imports.get(ANY_NAMESPACE)
    names_all = everywhere is None or everywhere.imports_nothing
    are_exact = names_all and not any(hosts.wildcards for hosts in imports.values())
    if not (are_exact and snapshot.behaviour.exact_hosts_by_name):
        return snapshot.services.visible_to(namespace)
    by_hostname = snapshot.services.by_hostname
    named = (by_hostname.get(host, {}).get(of) for of, hosts in imports.items() for host in hosts.exact)
    visible = (service for service in named if service is not None and _is_visible_from(service, namespace))
    return sorted(visible, key=service_age)


def _is_visible_from(service: Service, namespace: str) -> bool:
    return "~" not in service.export_to and _visible(service, namespace)


def _only_port(spec: IstioEgressListener | None) -> int | None:
    """The only port with which services are imported; None for all ports, as with a generic HTTP proxy."""
    if spec is None or spec.port is None or not spec.port.number:
        return None
    return None if protocol_named(spec.port.protocol) is Protocol.HTTP_PROXY else spec.port.number


def _imported_service(service: Service, imports: Mapping[str, ImportedHosts], port: int | None) -> Service | None:
    """The service with only the imported port and aliases; None when it is not imported."""
    of_namespace = tuple(imports_of(imports, service.namespace))
    if any(hosts.excludes(service.hostname) for hosts in of_namespace):
        return None
    for hosts in of_namespace:
        if hosts.match_service(service.hostname):
            trimmed = service if port is None else _with_port(service, port)
            if trimmed is not None:
                return _with_aliases(trimmed, hosts)
    return None


def _with_port(service: Service, number: int) -> Service | None:
    port = service.declared_port(number)
    if port is None or len(service.ports) == 1:
        return service if port is not None else None
    return replace(service, ports=(port,))


def _with_aliases(service: Service, hosts: ImportedHosts) -> Service:
    matched = tuple(alias for alias in service.aliases if hosts.match_service(alias[0]))
    return service if matched == service.aliases else replace(service, aliases=matched)


def _one_namespace_per_host(services: Iterable[Service], namespace: str) -> tuple[Service, ...]:
    """The services from the namespace that is chosen for their host.

    The proxy's own namespace wins, then a Kubernetes Service over a ServiceEntry, then the first service.
    """
    imported = tuple(services)
    chosen: dict[str, tuple[str, bool]] = {}
    for service in imported:
        candidate = (service.namespace, service.registry is Registry.KUBERNETES)
        current = chosen.setdefault(service.hostname, candidate)
        better_registry = candidate[1] and not current[1] and current[0] != namespace
        if service.namespace == namespace or better_registry:
            chosen[service.hostname] = candidate
    return tuple(service for service in imported if chosen[service.hostname][0] == service.namespace)


def most_specific_routes(
    routes: Iterable[MergedVirtualService], services: Iterable[Service]
) -> Mapping[str, MergedVirtualService]:
    """Host of each service -> the VirtualService with the most specific host that covers it.

    The first of equally specific VirtualServices wins.
    """
    by_host: dict[str, MergedVirtualService] = {}
    for route in routes:
        for host in route.hosts:
            by_host.setdefault(host, route)
    if not by_host:
        return {}
    wildcards = any(is_wildcard(host) for host in by_host)
    most_specific = ((service.hostname, _most_specific(service.hostname, by_host, wildcards)) for service in services)
    return {hostname: route for hostname, route in most_specific if route is not None}


def _most_specific(
    hostname: str, by_host: Mapping[str, MergedVirtualService], wildcards: bool
) -> MergedVirtualService | None:
    candidates = covering(hostname) if wildcards else (hostname,)
    return next((by_host[host] for host in candidates if host in by_host), None)


# ---- services of all listeners


def _imported(snapshot: Snapshot, listeners: Iterable[EgressListener], namespace: str) -> Iterator[Service]:
    """The services of every listener, each followed by the destinations of the listener's VirtualServices."""
    for listener in listeners:
        yield from listener.services
        only = _only_port(listener.spec)
        for route in listener.virtual_services:
            for host, ports in destinations(route, namespace).items():
                service = _visible_service(snapshot, host, namespace)
                if service is not None:
                    reduced = _with_ports(service, ports) if only is None else _with_port(service, only)
                    if reduced is not None:
                        yield reduced


def _visible_service(snapshot: Snapshot, host: str, namespace: str) -> Service | None:
    """The service with a host.

    A service in the own namespace wins, then a visible Kubernetes Service, then the oldest visible service. Some
    releases take the first namespace instead.
    """
    candidates = snapshot.services.by_hostname.get(host, {})
    if namespace in candidates:
        return candidates[namespace]
    visible = [service for service in candidates.values() if _visible(service, namespace)]
    preference = _preference if snapshot.behaviour.best_service_namespace else attrgetter("namespace")
    return min(visible, key=preference, default=None)


def _visible(service: Service, namespace: str) -> bool:
    return "*" in service.export_to or namespace in service.export_to


def _preference(service: Service) -> tuple[bool, str, str]:
    return (service.registry is not Registry.KUBERNETES, service.creation_time, service.namespace)


def _with_ports(service: Service, numbers: frozenset[int]) -> Service | None:
    """The service with only the named ports, or with all of them when a destination names no port."""
    if 0 in numbers:
        return service
    ports = tuple(port for port in service.ports if port.number in numbers)
    if len(ports) == len(service.ports):
        return service
    return replace(service, ports=ports) if ports else None
