"""Endpoints by locality, for load assignments in EDS and in clusters.

Follows istiod's `endpoints.buildEnvoyLbEndpoint` and `util.AppendLbEndpointMetadata`.
"""

from collections.abc import Iterable, Mapping

from meshcompile.emit.address import address, internal_address
from meshcompile.envoy.config.core import Address, HealthStatus, Locality, Metadata
from meshcompile.envoy.config.endpoint import Endpoint, LbEndpoint, LocalityLbEndpoints
from meshcompile.envoy.message import JsonObject, at
from meshcompile.resolve.endpoints import locality_groups
from meshcompile.resolve.routes.domains import host_with_port
from meshcompile.values.names import CONNECT_ORIGINATE, ORIGINAL_DESTINATION

TRANSPORT_SOCKET_MATCH = "envoy.transport_socket_match"

_HEALTH: dict[str, HealthStatus] = {
    "UNKNOWN": "UNKNOWN",
    "HEALTHY": "HEALTHY",
    "UNHEALTHY": "UNHEALTHY",
    "DRAINING": "DRAINING",
}


class EndpointEmitter:
    """Emits each endpoint once, however many load assignments contain it."""

    def __init__(self) -> None:
        self._messages: dict[locality_groups.LbEndpoint, LbEndpoint] = {}

    def groups(self, groups: Iterable[locality_groups.LocalityGroup]) -> tuple[LocalityLbEndpoints, ...]:
        return tuple(self._group(group) for group in groups)

    def _group(self, group: locality_groups.LocalityGroup) -> LocalityLbEndpoints:
        where = group.locality
        return LocalityLbEndpoints(
            locality=Locality(region=where.region, zone=where.zone, sub_zone=where.subzone),
            lb_endpoints=tuple(self._endpoint(endpoint) for endpoint in group.endpoints),
            load_balancing_weight=group.weight,
            priority=group.priority,
        )

    def _endpoint(self, endpoint: locality_groups.LbEndpoint) -> LbEndpoint:
        message = self._messages.get(endpoint)
        if message is None:
            message = self._messages[endpoint] = lb_endpoint(endpoint)
        return message


def lb_endpoint(endpoint: locality_groups.LbEndpoint) -> LbEndpoint:
    """One endpoint, with its metadata for telemetry and for the choice of a transport socket."""
    return at(
        LbEndpoint(
            endpoint=Endpoint(address=_address(endpoint)),
            health_status=_HEALTH.get(endpoint.health, "UNKNOWN"),
            load_balancing_weight=endpoint.weight,
            metadata=Metadata(filter_metadata={**_transport(endpoint), "istio": {"workload": endpoint.telemetry}}),
        ),
        endpoint.origin,
    )


def _address(endpoint: locality_groups.LbEndpoint) -> Address:
    """The address of an endpoint. A tunnel begins in an internal listener, and its end tells endpoints apart."""
    tunnel = endpoint.tunnel
    if tunnel is None:
        return address(endpoint.address, endpoint.port)
    end = endpoint if tunnel.to_waypoint else tunnel
    return internal_address(CONNECT_ORIGINATE, host_with_port(end.address, end.port))


def _transport(endpoint: locality_groups.LbEndpoint) -> Mapping[str, JsonObject]:
    """The metadata that choose the transport socket, and that tell the destination of a tunnel."""
    tunnel = endpoint.tunnel
    mutual_tls = {TRANSPORT_SOCKET_MATCH: {"tlsMode": endpoint.tls_mode}} if endpoint.tls_mode else {}
    if tunnel is None:
        return mutual_tls
    waypoint = host_with_port(endpoint.address, endpoint.port)
    return {
        ORIGINAL_DESTINATION: {
            "local": host_with_port(tunnel.address, tunnel.port),
            **({"waypoint": waypoint} if tunnel.to_waypoint else {}),
        },
        **({TRANSPORT_SOCKET_MATCH: {"tunnel": "http"}} if tunnel.chooses_socket else mutual_tls),
    }
