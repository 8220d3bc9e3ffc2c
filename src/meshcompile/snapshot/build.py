"""Builds a Snapshot from accepted resources: one function per index, in the order of their dependencies."""

from collections.abc import Mapping

from meshcompile.behaviour import ISTIO_1_30, Behaviour
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.mesh.mesh_networks import MeshNetworks
from meshcompile.snapshot.authentication import authentication_index
from meshcompile.snapshot.authorization import authorization_index
from meshcompile.snapshot.destination_rules import destination_rule_index
from meshcompile.snapshot.discovery import discovered
from meshcompile.snapshot.endpoints import endpoint_index
from meshcompile.snapshot.envoy_filters import envoy_filter_index
from meshcompile.snapshot.extensions import extension_index
from meshcompile.snapshot.gateways import gateway_index
from meshcompile.snapshot.ingress import from_ingresses
from meshcompile.snapshot.networks import network_index
from meshcompile.snapshot.proxy_configs import proxy_config_index
from meshcompile.snapshot.resources import CONFIG_CLUSTER, ConfigStore
from meshcompile.snapshot.services import service_index
from meshcompile.snapshot.sidecars import sidecar_index
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.snapshot.telemetry import telemetry_index
from meshcompile.snapshot.virtual_services import virtual_service_index
from meshcompile.snapshot.workloads import workload_index


def snapshot(
    resources: ConfigStore,
    mesh: MeshConfig,
    networks: MeshNetworks,
    behaviour: Behaviour = ISTIO_1_30,
    cluster: str = CONFIG_CLUSTER,
    jwks: Mapping[str, str] | None = None,
) -> Snapshot:
    """The snapshot of a mesh, independent of the order of `resources`. `jwks` are keys of issuers by their URI."""
    resources = discovered(resources, mesh)
    workloads = workload_index(resources, cluster)
    services = service_index(resources, mesh, workloads)
    topology = network_index(resources, workloads, networks, mesh)
    ingresses = from_ingresses(resources, mesh)
    return Snapshot(
        mesh=mesh,
        networks=networks,
        behaviour=behaviour,
        cluster=cluster,
        workloads=workloads,
        services=services,
        topology=topology,
        endpoints=endpoint_index(resources, services, workloads, topology, mesh),
        virtual_services=virtual_service_index(resources, mesh, ingresses),
        destination_rules=destination_rule_index(resources, mesh),
        gateways=gateway_index(resources, ingresses),
        sidecars=sidecar_index(resources, mesh),
        authentication=authentication_index(resources, mesh),
        authorization=authorization_index(resources, mesh),
        telemetry=telemetry_index(resources, mesh),
        extensions=extension_index(resources),
        envoy_filters=envoy_filter_index(resources, mesh),
        proxy_configs=proxy_config_index(resources, mesh),
        jwks=jwks or {},
    )
