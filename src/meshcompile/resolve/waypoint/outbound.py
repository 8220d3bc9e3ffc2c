"""The services that a waypoint reaches without being in front of them.

Follows istiod's `filterWaypointOutboundServices` and `extraServicesForProxy`.
"""

from collections.abc import Iterator, Mapping

from meshcompile.models.mesh.extension_providers import ExtensionProvider
from meshcompile.models.networking.virtual_service import MESH_GATEWAY
from meshcompile.queries import query
from meshcompile.resolve.clusters.cluster_mode import HostKey
from meshcompile.resolve.clusters.outbound import outbound_hosts
from meshcompile.resolve.envoy_filters import selecting
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.resolve.scope.clients import ScopedClientKey
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.snapshot.virtual_services import MergedVirtualService

REFERENCED_SERVICES = "envoyfilter.istio.io/referenced-services"


def waypoint_outbound_hosts(snapshot: Snapshot, facts: ProxyFacts, key: ScopedClientKey) -> Iterator[HostKey]:
    """The services that have outbound clusters at a waypoint.

    VirtualServices of the hosts behind it send traffic to them, and they are not behind it, or outside of the mesh.
    Extension providers and EnvoyFilters refer to others.
    """
    routed, named = frozenset(_routed(snapshot, facts)), frozenset(_named(snapshot, facts))
    for host in outbound_hosts(snapshot, key):
        service = host.service
        names = {service.hostname, f"{service.namespace}/{service.hostname}"}
        if service.hostname in routed or not named.isdisjoint(names):
            yield host


def _routed(snapshot: Snapshot, facts: ProxyFacts) -> Iterator[str]:
    behind = {service.hostname: service for service in facts.behind.services}
    references = referenced_hosts(snapshot, None)
    for hostname in behind:
        for referenced in references.get(hostname, ()):
            service = behind.get(referenced)
            if service is None or service.mesh_external:
                yield referenced


@query
def referenced_hosts(snapshot: Snapshot, key: None) -> Mapping[str, frozenset[str]]:
    """The hosts to which VirtualServices of the mesh send the traffic of each host."""
    hosts: dict[str, set[str]] = {}
    for each in snapshot.virtual_services.all:
        if MESH_GATEWAY in each.gateways:
            for host in each.hosts:
                hosts.setdefault(host, set()).update(_destinations(each))
    return {host: frozenset(found) for host, found in hosts.items()}


def _destinations(virtual_service: MergedVirtualService) -> Iterator[str]:
    yield from virtual_service.destination_hosts
    targets = (*(rule.route for rule in virtual_service.tcp), *(rule.route for rule in virtual_service.tls))
    yield from (target.destination.host for group in targets for target in group if target.destination is not None)


def _named(snapshot: Snapshot, facts: ProxyFacts) -> Iterator[str]:
    """What extension providers and EnvoyFilters name: hosts, or `namespace/host`."""
    yield from filter(None, map(_service, snapshot.mesh.extension_providers))
    for envoy_filter in selecting(snapshot.envoy_filters, facts.proxy):
        yield from envoy_filter.metadata.annotations.get(REFERENCED_SERVICES, "").split(",")


def _service(provider: ExtensionProvider) -> str:
    """The service of a provider; "" for one without a service, or one that istiod no longer looks at."""
    kinds = (
        *(provider.envoy_ext_authz_http, provider.envoy_ext_authz_grpc, provider.zipkin, provider.datadog),
        *(provider.skywalking, provider.opentelemetry, provider.envoy_http_als, provider.envoy_tcp_als),
        *(provider.envoy_otel_als, provider.sds),
    )
    return next((kind.service for kind in kinds if kind is not None), "")
