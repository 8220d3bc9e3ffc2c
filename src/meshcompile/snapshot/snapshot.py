"""The mesh, indexed and merged once: istiod's PushContext.

Every index answers its lookups in constant time, and no later stage scans the mesh. The function of its module builds
an index from the accepted resources. An index keeps its objects in istiod's order of precedence: oldest first, then by
name, then by namespace.

Each index is the answer to a query, made on first use. It depends on the kinds of objects that its function reads, on
the settings of the mesh, and on other indexes.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar, overload

from msgspec import Struct

from meshcompile.behaviour import ISTIO_1_30, Behaviour
from meshcompile.collector import gc_paused
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Resource
from meshcompile.models.kubernetes.namespace import Namespace
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.mesh.mesh_networks import MeshNetworks
from meshcompile.models.networking.virtual_service import VirtualService
from meshcompile.queries import Answers, Key, Query, Reads, input_query, query
from meshcompile.sameness import ById
from meshcompile.snapshot.ambient.index import NOT_AMBIENT, AmbientIndex, ambient_index
from meshcompile.snapshot.authentication import AuthenticationIndex, authentication_index
from meshcompile.snapshot.authorization import AuthorizationIndex, authorization_index
from meshcompile.snapshot.destination_rules import DestinationRuleIndex, destination_rule_index
from meshcompile.snapshot.discovery import watched_namespaces
from meshcompile.snapshot.endpoints import EndpointIndex, endpoint_index
from meshcompile.snapshot.envoy_filters import EnvoyFilterIndex, envoy_filter_index
from meshcompile.snapshot.exports import with_default_exports
from meshcompile.snapshot.extensions import ExtensionIndex, extension_index
from meshcompile.snapshot.findings import findings_of_routes
from meshcompile.snapshot.gateway_api.converted import FromGatewayApi, converted
from meshcompile.snapshot.gateways import GatewayIndex, gateway_index
from meshcompile.snapshot.ingress import FromIngresses, from_ingresses
from meshcompile.snapshot.networks import NetworkIndex, network_index
from meshcompile.snapshot.proxy_configs import ProxyConfigIndex, proxy_config_index
from meshcompile.snapshot.resources import CONFIG_CLUSTER, ConfigStore
from meshcompile.snapshot.services import ServiceIndex, service_index
from meshcompile.snapshot.sidecars import SidecarIndex, sidecar_index
from meshcompile.snapshot.telemetry import TelemetryIndex, telemetry_index
from meshcompile.snapshot.virtual_services import (
    MergedVirtualService,
    VirtualServiceIndex,
    completed,
    virtual_service_index,
)
from meshcompile.snapshot.workloads import WorkloadIndex, workload_index

V = TypeVar("V")


class SnapshotInputs(Struct, frozen=True, eq=False):
    """The input of a snapshot.

    `cluster` is the name of the config cluster. `jwks` are the keys of token issuers by their URI, as the caller
    provides them.
    """

    resources: ConfigStore
    mesh: MeshConfig
    networks: MeshNetworks
    behaviour: Behaviour = ISTIO_1_30
    jwks: Mapping[str, str] = {}
    ambient: bool = False
    cluster: str = CONFIG_CLUSTER


class Index(Generic[V]):
    """An attribute of a snapshot: the answer to a query without a key."""

    def __init__(self, question: "Query[Snapshot, None, V]") -> None:
        self.question = question

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, snapshot: None, owner: type) -> "Index[V]": ...

    @overload
    def __get__(self, snapshot: "Snapshot", owner: type) -> V: ...

    def __get__(self, snapshot: "Snapshot | None", owner: type) -> "Index[V] | V":
        if snapshot is None:
            return self
        is_view = snapshot.reads is not None  # of a running query, which has paused the collector
        # The stored value hides this attribute: a view records only the first read.
        value = snapshot.__dict__[self.name] = self.question(snapshot, None) if is_view else self._made(snapshot)
        return value

    @gc_paused()
    def _made(self, snapshot: "Snapshot") -> V:
        return self.question(snapshot, None)


# ---- inputs


@input_query
def _mesh(snapshot: "Snapshot", key: None) -> MeshConfig:
    return snapshot.inputs.mesh


@input_query
def _networks(snapshot: "Snapshot", key: None) -> MeshNetworks:
    return snapshot.inputs.networks


@input_query
def _behaviour(snapshot: "Snapshot", key: None) -> Behaviour:
    return snapshot.inputs.behaviour


@input_query
def _cluster(snapshot: "Snapshot", key: None) -> str:
    return snapshot.inputs.cluster


@input_query
def _jwks(snapshot: "Snapshot", key: None) -> Mapping[str, str]:
    return snapshot.inputs.jwks


@input_query
def _ambient(snapshot: "Snapshot", key: None) -> bool:
    return snapshot.inputs.ambient


class KindKey(Key, frozen=True):
    """A kind of objects in a remote cluster, or in the config cluster if `cluster` is empty."""

    cluster: str
    kind: str


@input_query
def _accepted(snapshot: "Snapshot", key: KindKey) -> tuple[Resource, ...]:
    resources = snapshot.inputs.resources
    return (resources.clusters[key.cluster] if key.cluster else resources).by_kind.get(key.kind, ())


@input_query
def _remote_clusters(snapshot: "Snapshot", key: None) -> tuple[str, ...]:
    return tuple(snapshot.inputs.resources.clusters)


# ---- objects


@query
def _watched_namespaces(snapshot: "Snapshot", cluster: str) -> frozenset[str] | None:
    """The namespaces of a cluster that istiod watches; None for all of them."""
    namespaces = (each for each in _accepted(snapshot, KindKey(cluster, "Namespace")) if isinstance(each, Namespace))
    return watched_namespaces(namespaces, snapshot.mesh)


@query
def _objects(snapshot: "Snapshot", key: KindKey) -> tuple[Resource, ...]:
    """The objects of a kind in the namespaces that istiod watches, oldest first."""
    found, watched = _accepted(snapshot, key), _watched_namespaces(snapshot, key.cluster)
    if watched is None:
        return found
    return tuple(each for each in found if not each.namespace or each.namespace in watched)


class _ObjectsByKind(Mapping[str, tuple[Resource, ...]]):
    """The objects of a cluster by kind. Each kind is read through a view."""

    def __init__(self, snapshot: "Snapshot", cluster: str = "") -> None:
        self.snapshot, self.cluster = snapshot, cluster

    def __getitem__(self, kind: str) -> tuple[Resource, ...]:
        return _objects(self.snapshot, KindKey(self.cluster, kind))

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("an index reads only kinds that it names")

    def __len__(self) -> int:
        raise AssertionError("an index reads only kinds that it names")


def _config_store(snapshot: "Snapshot") -> ConfigStore:
    """The objects that istiod watches."""
    remote = {name: ConfigStore(_ObjectsByKind(snapshot, name)) for name in _remote_clusters(snapshot, None)}
    return ConfigStore(_ObjectsByKind(snapshot), remote)


# ---- indexes


@query
def _workloads(snapshot: "Snapshot", key: None) -> WorkloadIndex:
    return workload_index(_config_store(snapshot), snapshot.cluster)


@query
def _services(snapshot: "Snapshot", key: None) -> ServiceIndex:
    mesh = with_default_exports(snapshot.mesh, snapshot.behaviour)
    return service_index(_config_store(snapshot), mesh, snapshot.workloads, snapshot.behaviour)


@query
def _topology(snapshot: "Snapshot", key: None) -> NetworkIndex:
    return network_index(_config_store(snapshot), snapshot.workloads, snapshot.networks, snapshot.mesh)


@query
def _endpoints(snapshot: "Snapshot", key: None) -> EndpointIndex:
    resources, services, workloads = _config_store(snapshot), snapshot.services, snapshot.workloads
    return endpoint_index(resources, services, workloads, snapshot.topology, snapshot.mesh, snapshot.behaviour)


@query
def _from_ingresses(snapshot: "Snapshot", key: None) -> FromIngresses:
    return from_ingresses(_config_store(snapshot), snapshot.mesh)


class MergeKey(Key, frozen=True):
    """A VirtualService without delegates, and the default export."""

    written: ById[VirtualService]
    everywhere: tuple[str, ...]


@query
def _completed(snapshot: "Snapshot", key: MergeKey) -> MergedVirtualService:
    return completed(key.written.value, key.everywhere)


@query
def _gateway_api(snapshot: "Snapshot", key: None) -> FromGatewayApi:
    behaviour = snapshot.behaviour
    return converted(_config_store(snapshot), lambda: snapshot.services, ambient=snapshot.ambient, behaviour=behaviour)


@query
def _ambient_index(snapshot: "Snapshot", key: None) -> AmbientIndex:
    if not snapshot.ambient:
        return NOT_AMBIENT
    network = snapshot.topology.system.get(snapshot.cluster, "")
    return ambient_index(
        _config_store(snapshot),
        snapshot.workloads,
        snapshot.services,
        network,
        snapshot.behaviour,
        snapshot.mesh.service_entry_visibility,
    )


@query
def _virtual_services(snapshot: "Snapshot", key: None) -> VirtualServiceIndex:
    def merge(written: VirtualService, everywhere: tuple[str, ...]) -> MergedVirtualService:
        return _completed(snapshot, MergeKey(ById(written), everywhere))

    resources, ingresses = _config_store(snapshot), _from_ingresses(snapshot, None)
    mesh = with_default_exports(snapshot.mesh, snapshot.behaviour)
    return virtual_service_index(resources, mesh, ingresses, snapshot.gateway_api, merge)


@query
def _destination_rules(snapshot: "Snapshot", key: None) -> DestinationRuleIndex:
    return destination_rule_index(_config_store(snapshot), snapshot.mesh, snapshot.gateway_api, snapshot.behaviour)


@query
def _gateways(snapshot: "Snapshot", key: None) -> GatewayIndex:
    return gateway_index(_config_store(snapshot), _from_ingresses(snapshot, None), snapshot.gateway_api)


@query
def _sidecars(snapshot: "Snapshot", key: None) -> SidecarIndex:
    return sidecar_index(_config_store(snapshot), snapshot.mesh)


@query
def _authentication(snapshot: "Snapshot", key: None) -> AuthenticationIndex:
    return authentication_index(_config_store(snapshot), snapshot.mesh)


@query
def _authorization(snapshot: "Snapshot", key: None) -> AuthorizationIndex:
    return authorization_index(_config_store(snapshot), snapshot.mesh)


@query
def _telemetry(snapshot: "Snapshot", key: None) -> TelemetryIndex:
    return telemetry_index(_config_store(snapshot), snapshot.mesh)


@query
def _extensions(snapshot: "Snapshot", key: None) -> ExtensionIndex:
    return extension_index(_config_store(snapshot), snapshot.behaviour)


@query
def _envoy_filters(snapshot: "Snapshot", key: None) -> EnvoyFilterIndex:
    return envoy_filter_index(_config_store(snapshot), snapshot.mesh, snapshot.behaviour)


@query
def _proxy_configs(snapshot: "Snapshot", key: None) -> ProxyConfigIndex:
    return proxy_config_index(_config_store(snapshot), snapshot.mesh)


@query
def _findings(snapshot: "Snapshot", key: None) -> tuple[Diagnostic, ...]:
    routes = findings_of_routes(snapshot.virtual_services)
    return (*snapshot.gateway_api.findings, *routes, *_waypoint_findings(snapshot))


def _waypoint_findings(snapshot: "Snapshot") -> Iterable[Diagnostic]:
    if not snapshot.ambient:
        return ()
    from meshcompile.snapshot.ambient.findings import waypoint_findings  # for a fast start: few meshes are ambient

    return waypoint_findings(snapshot.ambient_index)


class Snapshot:
    """The input of all queries. It is immutable and shared by all proxies.

    A view of a snapshot shares its inputs and answers. It records what is read through it in `reads`.
    """

    mesh = Index(_mesh)
    networks = Index(_networks)
    behaviour = Index(_behaviour)
    cluster = Index(_cluster)
    jwks = Index(_jwks)
    ambient = Index(_ambient)
    workloads = Index(_workloads)
    services = Index(_services)
    topology = Index(_topology)
    endpoints = Index(_endpoints)
    gateway_api = Index(_gateway_api)
    ambient_index = Index(_ambient_index)
    virtual_services = Index(_virtual_services)
    destination_rules = Index(_destination_rules)
    gateways = Index(_gateways)
    sidecars = Index(_sidecars)
    authentication = Index(_authentication)
    authorization = Index(_authorization)
    telemetry = Index(_telemetry)
    extensions = Index(_extensions)
    envoy_filters = Index(_envoy_filters)
    proxy_configs = Index(_proxy_configs)
    findings = Index(_findings)
    """Findings about the mesh that do not depend on the proxy."""

    def __init__(self, inputs: SnapshotInputs, answers: Answers | None = None, reads: Reads | None = None) -> None:
        self.inputs = inputs
        self.answers = Answers() if answers is None else answers
        self.reads = reads

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy has the inputs, and finds its own answers."""
        return Snapshot, (self.inputs,)

    def view(self) -> "Snapshot":
        """A new view, through which nothing has been read."""
        return Snapshot(self.inputs, self.answers, {})

    @gc_paused()
    def indexed(self) -> "Snapshot":
        """This snapshot, with all indexes made."""
        for index in vars(Snapshot).values():
            if isinstance(index, Index):
                index.question(self, None)
        return self
