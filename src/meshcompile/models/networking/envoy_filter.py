"""EnvoyFilter: patches to the generated Envoy configuration."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from meshcompile.models.base import Node, OneOf, ProtoEnum
from meshcompile.models.common import Int32, IstioResource, PolicyTargetReference, PortNumber, Struct, UInt32, size
from meshcompile.models.common import WorkloadSelector as PolicySelector
from meshcompile.models.networking.common import WorkloadSelector


class ApplyTo(ProtoEnum):
    """The kind of Envoy object that a patch applies to."""

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
    """The kind of proxy, and the direction of its traffic."""

    ANY = "ANY"
    SIDECAR_INBOUND = "SIDECAR_INBOUND"
    SIDECAR_OUTBOUND = "SIDECAR_OUTBOUND"
    GATEWAY = "GATEWAY"
    WAYPOINT = "WAYPOINT"


LONGEST_EXPRESSION = 1024
"""The length of the longest expression for versions that istiod tries from Istio 1.31 on."""


class ProxyMatch(Node):
    """Conditions on the proxy."""

    proxy_version: str = ""
    """RE2 expression that must match part of the proxy's Istio version (ISTIO_VERSION)."""
    metadata: Mapping[str, str] = {}
    """Keys and values that the proxy's node metadata must have."""


class ClusterMatch(Node):
    """Conditions on a cluster."""

    port_number: UInt32 = 0
    """Service port of the cluster. 0 matches any port."""
    service: str = ""
    """Hostname of the cluster's service."""
    subset: str = ""
    """Subset of the cluster."""
    name: str = ""
    """Exact name of the cluster, for example `outbound|80||reviews.default.svc.cluster.local`."""


class RouteAction(ProtoEnum):
    """The action of a route."""

    ANY = "ANY"
    ROUTE = "ROUTE"
    REDIRECT = "REDIRECT"
    DIRECT_RESPONSE = "DIRECT_RESPONSE"


class RouteMatch(Node):
    """Conditions on a route."""

    name: str = ""
    """Exact name of the route."""
    action: RouteAction = RouteAction.ANY
    """Action of the route."""


class VirtualHostMatch(Node):
    """Conditions on a virtual host."""

    name: str = ""
    """Exact name of the virtual host. Generated virtual hosts are named `host:port`."""
    domain_name: str = ""
    """One of the domains of the virtual host."""
    route: RouteMatch | None = None
    """A route in the virtual host."""


class RouteConfigurationMatch(Node):
    """Conditions on a route configuration."""

    port_number: UInt32 = 0
    """Port that the route configuration serves. 0 matches any port."""
    port_name: str = ""
    """Name of the port of the gateway's server."""
    gateway: str = ""
    """Gateway that the route configuration belongs to, as `namespace/name`."""
    vhost: VirtualHostMatch | None = None
    """A virtual host in the route configuration."""
    name: str = ""
    """Exact name of the route configuration."""


class SubFilterMatch(Node):
    """Conditions on an HTTP filter."""

    name: str = ""
    """Name or type of the HTTP filter."""


class FilterMatch(Node):
    """Conditions on a network filter."""

    name: str = ""
    """Name or type of the network filter."""
    sub_filter: SubFilterMatch | None = None
    """HTTP filter in the HTTP connection manager."""


class FilterChainMatch(Node):
    """Conditions on a filter chain."""

    name: str = ""
    """Exact name of the filter chain."""
    sni: str = ""
    """One of the server names that the filter chain matches."""
    transport_protocol: str = ""
    """Transport protocol that the filter chain matches: `raw_buffer` or `tls`."""
    application_protocols: str = ""
    """ALPN protocols that the filter chain matches, separated by commas."""
    filter: FilterMatch | None = None
    """A network filter in the filter chain."""
    destination_port: UInt32 = 0
    """Destination port that the filter chain matches. 0 matches any port."""


class ListenerMatch(Node):
    """Conditions on a listener."""

    port_number: UInt32 = 0
    """Port of the listener. 0 matches any port."""
    port_name: str = ""
    """Istio does not implement it. It has no effect."""
    filter_chain: FilterChainMatch | None = None
    """A filter chain of the listener."""
    listener_filter: str = ""
    """Name of one of the listener filters."""
    name: str = ""
    """Exact name of the listener, for example `0.0.0.0_80` or `virtualInbound`."""


class WaypointSubFilterMatch(Node):
    """Conditions on an HTTP filter of a waypoint."""

    name: str = ""
    """Name of the HTTP filter."""


class WaypointFilterMatch(Node):
    """Conditions on a network filter of a waypoint."""

    name: str = ""
    """Name of the network filter."""
    sub_filter: WaypointSubFilterMatch | None = None
    """HTTP filter in the HTTP connection manager."""


class WaypointRouteMatch(Node):
    """Conditions on a route of a waypoint."""

    name: str = ""
    """Name of the route."""


class WaypointMatch(Node):
    """Conditions on the objects of a waypoint."""

    port_number: PortNumber = 0
    """Port of the service. 0 matches any port."""
    route: WaypointRouteMatch | None = None
    """Route of a service."""
    filter: WaypointFilterMatch | None = None
    """Filter of a service."""


class Operation(ProtoEnum):
    """How a patch changes an object."""

    INVALID = "INVALID"
    MERGE = "MERGE"
    ADD = "ADD"
    REMOVE = "REMOVE"
    INSERT_BEFORE = "INSERT_BEFORE"
    INSERT_AFTER = "INSERT_AFTER"
    INSERT_FIRST = "INSERT_FIRST"
    REPLACE = "REPLACE"
    MERGE_AND_REPLACE_LIST = "MERGE_AND_REPLACE_LIST"


MERGES = (Operation.MERGE, Operation.MERGE_AND_REPLACE_LIST)
"""The operations that merge a value into an object. Since Istio 1.31, there are two, which differ in lists."""


class FilterClass(ProtoEnum):
    """The group of HTTP filters after which a new filter is inserted."""

    UNSPECIFIED = "UNSPECIFIED"
    AUTHN = "AUTHN"
    AUTHZ = "AUTHZ"
    STATS = "STATS"


class Patch(Node):
    """A change to an Envoy object."""

    operation: Operation = Operation.INVALID
    """How the patch changes the object."""
    value: Struct | None = None
    """Envoy configuration to merge or add, in protobuf JSON."""
    filter_class: FilterClass = FilterClass.UNSPECIFIED
    """Where an added filter is inserted."""


class EnvoyConfigObjectMatch(OneOf):
    """Selects the objects to patch. Set at most one of listener, route configuration, cluster and waypoint."""

    one_of = (("listener", "route_configuration", "cluster", "waypoint"),)

    context: PatchContext = PatchContext.ANY
    """Kind of proxy and direction of traffic."""
    proxy: ProxyMatch | None = None
    """Conditions on the proxy."""
    listener: ListenerMatch | None = None
    """Conditions on the listener."""
    route_configuration: RouteConfigurationMatch | None = None
    """Conditions on the route configuration."""
    cluster: ClusterMatch | None = None
    """Conditions on the cluster."""
    waypoint: WaypointMatch | None = None
    """Conditions on the objects of a waypoint."""


class EnvoyConfigObjectPatch(Node):
    """A patch, and the objects that it applies to."""

    apply_to: ApplyTo = ApplyTo.INVALID
    """Kind of Envoy object to patch."""
    match: EnvoyConfigObjectMatch | None = None
    """Which objects of the kind to patch. If absent, all of them."""
    patch: Patch | None = None
    """The change."""


class EnvoyFilterSpec(Node):
    """Patches, and the proxies that they apply to."""

    workload_selector: WorkloadSelector | None = None
    """Workloads in the namespace of the filter, or in all namespaces for a filter in the root namespace. If absent, all
    of them.
    """
    target_refs: Annotated[tuple[PolicyTargetReference, ...], size(16)] = ()
    """Gateways, and services of waypoints, that the filter is attached to. Replaces the selector."""
    config_patches: tuple[EnvoyConfigObjectPatch, ...] = ()
    """Patches, applied in order."""
    priority: Int32 = 0
    """Order among filters, lowest first. Filters in the root namespace come before all others."""

    @property
    def selector(self) -> PolicySelector | None:
        """The selector in the form that other policies use. Without labels it selects every workload."""
        labels = self.workload_selector.labels if self.workload_selector else {}
        return PolicySelector(match_labels=labels) if labels else None


class EnvoyFilter(IstioResource):
    """Patches the configuration that Istio generates. It depends on Istio's internals: use it as a last resort."""

    api_version: Literal["networking.istio.io/v1alpha3"] = "networking.istio.io/v1alpha3"
    kind: Literal["EnvoyFilter"] = "EnvoyFilter"
    spec: EnvoyFilterSpec = Field(default_factory=EnvoyFilterSpec)
