"""EnvoyFilter: changes of the generated Envoy configuration itself."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from meshcompile.models.base import Node, OneOf, ProtoEnum
from meshcompile.models.common import Int32, IstioResource, PolicyTargetReference, PortNumber, Struct, UInt32, size
from meshcompile.models.common import WorkloadSelector as PolicySelector
from meshcompile.models.networking.common import WorkloadSelector


class ApplyTo(ProtoEnum):
    """The kind of Envoy object that a patch changes."""

    INVALID = "INVALID"
    LISTENER = "LISTENER"
    FILTER_CHAIN = "FILTER_CHAIN"
    NETWORK_FILTER = "NETWORK_FILTER"
    HTTP_FILTER = "HTTP_FILTER"
    ROUTE_CONFIGURATION = "ROUTE_CONFIGURATION"
    VIRTUAL_HOST = "VIRTUAL_HOST"
    HTTP_ROUTE = "HTTP_ROUTE"
    CLUSTER = "CLUSTER"
    EXTENSION_CONFIG = "EXTENSION_CONFIG"
    BOOTSTRAP = "BOOTSTRAP"
    LISTENER_FILTER = "LISTENER_FILTER"


class PatchContext(ProtoEnum):
    """Which proxies, and which direction of their traffic."""

    ANY = "ANY"
    SIDECAR_INBOUND = "SIDECAR_INBOUND"
    SIDECAR_OUTBOUND = "SIDECAR_OUTBOUND"
    GATEWAY = "GATEWAY"
    WAYPOINT = "WAYPOINT"


class ProxyMatch(Node):
    """A condition on the proxy."""

    proxy_version: str = ""
    """RE2 expression found in the proxy's Istio version (ISTIO_VERSION)."""
    metadata: Mapping[str, str] = {}
    """Values that the proxy's node metadata must have."""


class ClusterMatch(Node):
    """A condition on clusters."""

    port_number: UInt32 = 0
    """Port of the cluster's service; 0 is any."""
    service: str = ""
    """Host name of the cluster's service."""
    subset: str = ""
    """Subset of the cluster."""
    name: str = ""
    """Exact name of the cluster, such as `outbound|80||reviews.default.svc.cluster.local`."""


class RouteAction(ProtoEnum):
    """What a route does."""

    ANY = "ANY"
    ROUTE = "ROUTE"
    REDIRECT = "REDIRECT"
    DIRECT_RESPONSE = "DIRECT_RESPONSE"


class RouteMatch(Node):
    """A condition on routes."""

    name: str = ""
    """Exact name of the route."""
    action: RouteAction = RouteAction.ANY
    """What the route does."""


class VirtualHostMatch(Node):
    """A condition on virtual hosts."""

    name: str = ""
    """Exact name of the virtual host, `host:port` for generated ones."""
    domain_name: str = ""
    """A domain of the virtual host."""
    route: RouteMatch | None = None
    """Route inside."""


class RouteConfigurationMatch(Node):
    """A condition on route configurations."""

    port_number: UInt32 = 0
    """Port that the routes are for; 0 is any."""
    port_name: str = ""
    """Name of the gateway's server port."""
    gateway: str = ""
    """Gateway that the routes are for, as `namespace/name`."""
    vhost: VirtualHostMatch | None = None
    """Virtual host inside."""
    name: str = ""
    """Exact name of the route configuration."""


class SubFilterMatch(Node):
    """A filter inside another."""

    name: str = ""
    """Name of the HTTP filter, or its type."""


class FilterMatch(Node):
    """A network filter of a filter chain."""

    name: str = ""
    """Name of the network filter, or its type."""
    sub_filter: SubFilterMatch | None = None
    """HTTP filter inside the connection manager."""


class FilterChainMatch(Node):
    """A condition on filter chains."""

    name: str = ""
    """Exact name of the filter chain."""
    sni: str = ""
    """A server name that it matches."""
    transport_protocol: str = ""
    """Transport protocol that it matches, `raw_buffer` or `tls`."""
    application_protocols: str = ""
    """ALPN protocols that it matches, separated by commas."""
    filter: FilterMatch | None = None
    """Network filter inside."""
    destination_port: UInt32 = 0
    """Destination port that it matches; 0 is any."""


class ListenerMatch(Node):
    """A condition on listeners."""

    port_number: UInt32 = 0
    """Port of the listener; 0 is any."""
    port_name: str = ""
    """Not implemented by Istio, without effect."""
    filter_chain: FilterChainMatch | None = None
    """Filter chain inside."""
    listener_filter: str = ""
    """Name of a listener filter inside."""
    name: str = ""
    """Exact name of the listener, such as `0.0.0.0_80` or `virtualInbound`."""


class WaypointSubFilterMatch(Node):
    """A filter inside another one of a waypoint."""

    name: str = ""
    """Name of the HTTP filter."""


class WaypointFilterMatch(Node):
    """A network filter of a waypoint."""

    name: str = ""
    """Name of the network filter."""
    sub_filter: WaypointSubFilterMatch | None = None
    """HTTP filter inside the connection manager."""


class WaypointRouteMatch(Node):
    """A condition on routes of a waypoint."""

    name: str = ""
    """Name of the route."""


class WaypointMatch(Node):
    """A condition on objects of a waypoint."""

    port_number: PortNumber = 0
    """Port of the service; 0 is any."""
    route: WaypointRouteMatch | None = None
    """Route of a service."""
    filter: WaypointFilterMatch | None = None
    """Filter of a service."""


class Operation(ProtoEnum):
    """How an Envoy object is changed."""

    INVALID = "INVALID"
    MERGE = "MERGE"
    ADD = "ADD"
    REMOVE = "REMOVE"
    INSERT_BEFORE = "INSERT_BEFORE"
    INSERT_AFTER = "INSERT_AFTER"
    INSERT_FIRST = "INSERT_FIRST"
    REPLACE = "REPLACE"


class FilterClass(ProtoEnum):
    """The group of HTTP filters behind which a new filter is placed."""

    UNSPECIFIED = "UNSPECIFIED"
    AUTHN = "AUTHN"
    AUTHZ = "AUTHZ"
    STATS = "STATS"


class Patch(Node):
    """A change of an Envoy object."""

    operation: Operation = Operation.INVALID
    """How the object is changed."""
    value: Struct | None = None
    """Envoy's own configuration to merge or add, in protobuf JSON."""
    filter_class: FilterClass = FilterClass.UNSPECIFIED
    """Place of an added filter."""


class EnvoyConfigObjectMatch(OneOf):
    """Which objects are changed; at most one of listener, route configuration, cluster and waypoint is set."""

    one_of = (("listener", "route_configuration", "cluster", "waypoint"),)

    context: PatchContext = PatchContext.ANY
    """Proxies and direction of traffic."""
    proxy: ProxyMatch | None = None
    """Condition on the proxy."""
    listener: ListenerMatch | None = None
    """Condition on listeners."""
    route_configuration: RouteConfigurationMatch | None = None
    """Condition on route configurations."""
    cluster: ClusterMatch | None = None
    """Condition on clusters."""
    waypoint: WaypointMatch | None = None
    """Condition on objects of a waypoint."""


class EnvoyConfigObjectPatch(Node):
    """A change, and what it is applied to."""

    apply_to: ApplyTo = ApplyTo.INVALID
    """Kind of Envoy object."""
    match: EnvoyConfigObjectMatch | None = None
    """Which objects of the kind; all if absent."""
    patch: Patch | None = None
    """The change."""


class EnvoyFilterSpec(Node):
    """Changes, and the proxies they are for."""

    workload_selector: WorkloadSelector | None = None
    """Workloads of its namespace (of all in the root namespace); all if absent."""
    target_refs: Annotated[tuple[PolicyTargetReference, ...], size(16)] = ()
    """Gateways and services (of waypoints) that it is attached to, instead of a selector."""
    config_patches: tuple[EnvoyConfigObjectPatch, ...] = ()
    """Changes, applied in order."""
    priority: Int32 = 0
    """Order among filters, lowest first; those of the root namespace come before others."""

    @property
    def selector(self) -> PolicySelector | None:
        """The selector in the form of other policies; one without labels selects everything."""
        labels = self.workload_selector.labels if self.workload_selector else {}
        return PolicySelector(match_labels=labels) if labels else None


class EnvoyFilter(IstioResource):
    """Patches what Istio generates; a last resort, as it depends on internals."""

    api_version: Literal["networking.istio.io/v1alpha3"] = "networking.istio.io/v1alpha3"
    kind: Literal["EnvoyFilter"] = "EnvoyFilter"
    spec: EnvoyFilterSpec = Field(default_factory=EnvoyFilterSpec)
