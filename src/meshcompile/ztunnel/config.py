"""All that istiod sends a ztunnel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from meshcompile.documents import Origin
from meshcompile.envoy.message import Message, to_builtins
from meshcompile.envoy.workload import Service, Workload, WorkloadApiAddress
from meshcompile.envoy.workload_security import Authorization
from meshcompile.models.gateway_api.gateway import KubernetesGateway
from meshcompile.models.kubernetes.endpoint_slice import EndpointSlice
from meshcompile.models.security.authorization_policy import AuthorizationPolicy
from meshcompile.models.security.peer_authentication import PeerAuthentication
from meshcompile.snapshot.resources import ConfigStore
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.ztunnel.network_gateways import RemoteGateway, remote_gateways
from meshcompile.ztunnel.policies import policy_name, workload_policies
from meshcompile.ztunnel.services import services
from meshcompile.ztunnel.workloads import DEFAULT_TRUST_DOMAIN, WorkloadContext, slice_workloads, workload

Data = dict[str, Any]


class ZtunnelConfig(Struct, frozen=True):
    """The messages of the workload API, sorted by the names of their resources. Every ztunnel of a mesh gets the same.

    Each message has `origins`, the places that it comes from, most relevant first.
    """

    workloads: tuple[Workload, ...] = ()
    services: tuple[Service, ...] = ()
    authorizations: tuple[Authorization, ...] = ()

    def in_namespace(self, namespace: str) -> ZtunnelConfig:
        """The messages about objects of a namespace."""
        return ZtunnelConfig(
            tuple(each for each in self.workloads if each.namespace == namespace),
            tuple(each for each in self.services if each.namespace == namespace),
            tuple(each for each in self.authorizations if each.namespace == namespace),
        )

    def to_dict(self) -> Data:
        """Two lists of resources, `addresses` and `authorizations`. A resource has a name, a message in protobuf JSON,
        and the place that it comes from. schemas/ztunnel.json describes it.
        """
        return {
            "addresses": [
                *(_resource(each.uid, WorkloadApiAddress(workload=each), each) for each in self.workloads),
                *(_resource(service_name(each), WorkloadApiAddress(service=each), each) for each in self.services),
            ],
            "authorizations": [_resource(policy_name(each), each, each) for each in self.authorizations],
        }


def service_name(service: Service) -> str:
    """The name of the resource of a service: `namespace/hostname`."""
    return f"{service.namespace}/{service.hostname}"


def ztunnel_config(resources: ConfigStore, snapshot: Snapshot) -> ZtunnelConfig:
    """What istiod sends. It is empty if the mesh is not ambient. `resources` are the objects that istiod watches."""
    if not snapshot.ambient:
        return ZtunnelConfig()
    gateways = tuple(remote_gateways(resources.all(KubernetesGateway)))
    context = _context(resources, snapshot, gateways)
    by_uid = {each.uid: each for each in _workloads(resources, context, gateways)}
    policies = {policy_name(each): each for each in context.policies.authorizations}
    return ZtunnelConfig(
        workloads=tuple(by_uid[uid] for uid in sorted(by_uid)),
        services=tuple(sorted(services(context.index, resources), key=service_name)),
        authorizations=tuple(policies[name] for name in sorted(policies)),
    )


def _context(resources: ConfigStore, snapshot: Snapshot, gateways: tuple[RemoteGateway, ...]) -> WorkloadContext:
    mesh, cluster = snapshot.mesh, snapshot.cluster
    return WorkloadContext(
        index=snapshot.ambient_index,
        policies=workload_policies(
            resources.all(AuthorizationPolicy), resources.all(PeerAuthentication), mesh.root_namespace
        ),
        nodes=snapshot.workloads.here.nodes,
        gateways={each.network: each for each in reversed(gateways)},
        cluster=cluster,
        network=snapshot.topology.system.get(cluster, ""),
        trust_domain="" if mesh.trust_domain == DEFAULT_TRUST_DOMAIN else mesh.trust_domain,
    )


def _workloads(
    resources: ConfigStore, context: WorkloadContext, gateways: tuple[RemoteGateway, ...]
) -> Iterator[Workload]:
    for found in context.index.workloads:
        yield workload(found, context)
    for source in resources.all(EndpointSlice):
        yield from slice_workloads(source, context)
    for gateway in gateways:
        yield gateway.as_workload(context.trust_domain)


def _resource(name: str, message: Message, placed: Message) -> Data:
    return {"name": name, "resource": to_builtins(message), "origin": _place(placed.origins[0])}


def _place(origin: Origin) -> Data:
    return {"file": origin.file, "line": origin.line, "column": origin.column, "field": origin.field}
