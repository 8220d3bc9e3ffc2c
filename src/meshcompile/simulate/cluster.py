"""The cluster of a request, and the endpoints that it can go to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from meshcompile.envoy.config.cluster import Cluster, ClusterLbSubsetConfig
from meshcompile.envoy.config.core import Metadata
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.simulate.endpoints import PlacedEndpoint, endpoint_shares, placed_endpoints
from meshcompile.simulate.requests import DownstreamConnection
from meshcompile.simulate.transport_socket import UpstreamTransport, transport

HASHING = ("RING_HASH", "MAGLEV")


@dataclass(frozen=True, slots=True)
class EndpointChoice:
    """An endpoint that can get the request. For DNS the address has a host name."""

    address: str
    share: Fraction
    transport: UpstreamTransport
    pointer: str = ""
    locality: str = ""
    priority: int = 0
    hostname: str = ""


@dataclass(frozen=True, slots=True)
class ChosenCluster:
    """The cluster that gets a request. `decided_by` says what chooses between endpoints: "chance", "hash" or "".

    `depends_on` is what the endpoints depend on, such as an answer of DNS; "" if they are known.
    """

    name: str
    pointer: str
    message: Cluster
    endpoints: tuple[EndpointChoice, ...]
    decided_by: str = ""
    depends_on: str = ""


@dataclass(frozen=True)
class ClusterIndex:
    """The clusters of a proxy by name, with the assignments of those that discover their endpoints."""

    clusters: Sequence[Cluster]
    assignments: Sequence[ClusterLoadAssignment]
    _endpoints: dict[str, tuple[PlacedEndpoint, ...]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def _by_name(self) -> Mapping[str, int]:
        return {cluster.name: index for index, cluster in reversed(list(enumerate(self.clusters)))}

    @cached_property
    def _assigned(self) -> Mapping[str, int]:
        return {each.cluster_name: index for index, each in reversed(list(enumerate(self.assignments)))}

    def find(
        self, name: str, connection: DownstreamConnection, authority: str = "", metadata: Metadata | None = None
    ) -> ChosenCluster | None:
        """The cluster with this name, for a client's connection; None if there is none.

        `metadata` are the criteria of the route for a subset of the endpoints.
        """
        index = self._by_name.get(name)
        if index is None:
            return None
        cluster, pointer = self.clusters[index], f"/clusters/{index}"
        if cluster.type == "ORIGINAL_DST":
            return ChosenCluster(name, pointer, cluster, (_original(cluster, pointer, connection, authority),))
        endpoints, depends_on = self._subset(name, cluster, pointer, metadata)
        choices = tuple(
            EndpointChoice(
                endpoint.address,
                share,
                transport(cluster, pointer, endpoint.message, authority),
                endpoint.pointer,
                endpoint.locality_name,
                endpoint.locality.priority,
                endpoint.message.endpoint.hostname if endpoint.message.endpoint else "",
            )
            for endpoint, share in endpoint_shares(cluster, endpoints)
        )
        decided_by = "" if len(choices) < 2 else "hash" if cluster.lb_policy in HASHING else "chance"
        return ChosenCluster(name, pointer, cluster, choices, decided_by, depends_on or _outside(cluster))

    def _subset(
        self, name: str, cluster: Cluster, pointer: str, metadata: Metadata | None
    ) -> tuple[Sequence[PlacedEndpoint], str]:
        """The endpoints that the criteria of a route leave."""
        endpoints = self._placed(name, cluster, pointer)
        if cluster.lb_subset_config is None:
            return endpoints, ""
        wanted = (metadata or Metadata()).filter_metadata.get("envoy.lb", {})
        return _selected(cluster.lb_subset_config, endpoints, wanted), ""

    def _placed(self, name: str, cluster: Cluster, pointer: str) -> tuple[PlacedEndpoint, ...]:
        if name not in self._endpoints:
            self._endpoints[name] = self._found(name, cluster, pointer)
        return self._endpoints[name]

    def _found(self, name: str, cluster: Cluster, pointer: str) -> tuple[PlacedEndpoint, ...]:
        if cluster.type != "EDS":
            return placed_endpoints(cluster.load_assignment, f"{pointer}/loadAssignment")
        service = (cluster.eds_cluster_config and cluster.eds_cluster_config.service_name) or name
        index = self._assigned.get(service)
        return () if index is None else placed_endpoints(self.assignments[index], f"/endpoints/{index}")


def _selected(
    config: ClusterLbSubsetConfig, endpoints: Sequence[PlacedEndpoint], wanted: Mapping[str, Any]
) -> Sequence[PlacedEndpoint]:
    """The endpoints with the wanted metadata, if a selector has its keys; else what the fallback policy says."""
    if any(set(selector.keys) == set(wanted) for selector in config.subset_selectors):
        found = [endpoint for endpoint in endpoints if _has(endpoint, wanted)]
        if found:
            return found
    match config.fallback_policy:
        case "NO_FALLBACK":
            return ()
        case "ANY_ENDPOINT":
            return endpoints
        case "DEFAULT_SUBSET":
            return [endpoint for endpoint in endpoints if _has(endpoint, config.default_subset or {})]


def _has(endpoint: PlacedEndpoint, wanted: Mapping[str, Any]) -> bool:
    tags = (endpoint.message.metadata or Metadata()).filter_metadata.get("envoy.lb", {})
    return all(tags.get(key) == value for key, value in wanted.items())


def _original(cluster: Cluster, pointer: str, connection: DownstreamConnection, authority: str) -> EndpointChoice:
    """The original destination of the client's connection."""
    config = cluster.original_dst_lb_config
    port = (config.upstream_port_override if config else None) or connection.port
    host = f"[{connection.destination}]" if ":" in connection.destination else connection.destination
    return EndpointChoice(f"{host}:{port}", Fraction(1), transport(cluster, pointer, None, authority))


def _outside(cluster: Cluster) -> str:
    if cluster.type in ("STRICT_DNS", "LOGICAL_DNS"):
        return "the answer of DNS"
    return "the answer of DNS" if cluster.cluster_type is not None else ""
