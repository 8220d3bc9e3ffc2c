"""Gateways without a workload in the input: their proxies are assumed, or the reason why they have none is given."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from msgspec import Struct

from meshcompile.assumed_proxy import AssumedProxy, assumable_gateways, assumed_proxy_pod
from meshcompile.mesh import Mesh
from meshcompile.models.base import Resource
from meshcompile.models.gateway_api.gateway import GatewayClass, KubernetesGateway
from meshcompile.models.kubernetes.namespace import Namespace
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.networking.gateway import Gateway
from meshcompile.proxy import ProxyType
from meshcompile.snapshot.ambient.waypoints import GATEWAY_NAME
from meshcompile.snapshot.gateway_api.classes import Controller, controllers, is_managed
from meshcompile.snapshot.gateway_api.gateways import bound_services
from meshcompile.snapshot.resources import CONFIG_CLUSTER
from meshcompile.values.labels import NETWORK, Labels, selects


class WithGateways(Struct, frozen=True):
    """A mesh with a proxy for each gateway.

    `assumed` are the workloads that were added for gateways without one. `left_out` are the gateways without a proxy,
    each with the reason.
    """

    mesh: Mesh
    assumed: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def with_gateways(mesh: Mesh) -> WithGateways:
    """The mesh with the proxies of its gateways."""
    pods = tuple(_pods(mesh))
    cluster = mesh.config_cluster
    for pod in pods:
        cluster = cluster.with_object(pod)
    complete = replace(mesh, config_cluster=cluster) if pods else mesh
    return WithGateways(complete, tuple(f"pod/{pod.name}.{pod.namespace}" for pod in pods), tuple(_left_out(complete)))


def _pods(mesh: Mesh) -> Iterator[Pod]:
    """The Pods that are assumed. Each is named for a label that selects it."""
    taken = {(each.namespace, each.name) for each in mesh.objects if isinstance(each, Pod)}
    network = _network(mesh)
    for missing in _missing(mesh):
        proxy = replace(missing, labels={**missing.labels, **network})
        base = f"assumed-{next(iter(proxy.labels.values()), 'router')}"
        names = (base, *(f"{base}-{number}" for number in range(2, len(taken) + 3)))
        name = next(each for each in names if (proxy.namespace, each) not in taken)
        taken.add((proxy.namespace, name))
        yield assumed_proxy_pod(proxy, mesh.config_cluster.resources, name)


def _network(mesh: Mesh) -> Labels:
    """The label of the network of the cluster: that of the root namespace, or the one that all of its proxies have."""
    root = mesh.settings.mesh.root_namespace
    namespaces = (each for each in mesh.config_cluster.resources if isinstance(each, Namespace))
    own = {
        each.metadata.labels[NETWORK] for each in namespaces if each.name == root and NETWORK in each.metadata.labels
    }
    networks = own or {each.network for each in mesh.proxies() if each.cluster == CONFIG_CLUSTER}
    return {NETWORK: network} if len(networks) == 1 and (network := next(iter(networks))) else {}


def _missing(mesh: Mesh) -> Iterator[AssumedProxy]:
    """The routers that a Gateway of Istio, or the Service of a Gateway of the Gateway API, selects in vain."""
    resources = sorted(mesh.config_cluster.resources, key=lambda each: (each.namespace, each.name))
    services = tuple(each for each in resources if isinstance(each, Service))
    root = mesh.settings.mesh.root_namespace
    wanted = (*_selected_by_gateways(resources, services, root), *_selected_by_services(resources, services, mesh))
    known: list[Labels] = [each.labels for each in mesh.proxies()]
    for selector, proxy in wanted:
        if not any(selects(selector, labels) for labels in known):
            known.append(proxy.labels)
            yield proxy


Wanted = Iterator[tuple[Labels, AssumedProxy]]
"""What selects a proxy, and the proxy."""


def _selected_by_gateways(resources: Iterable[Resource], services: tuple[Service, ...], root: str) -> Wanted:
    for gateway in (each for each in resources if isinstance(each, Gateway)):
        for proxy in assumable_gateways((gateway, *services), root):
            yield gateway.spec.selector, proxy


def _selected_by_services(resources: Iterable[Resource], services: tuple[Service, ...], mesh: Mesh) -> Wanted:
    """The routers of Gateways that name a Service of their own."""
    for gateway, controller in _of_istio(mesh, resources):
        hosts = bound_services(gateway, controller)[0].hosts if not is_managed(gateway.spec) else ()
        for service in services:
            if f"{service.name}.{service.namespace}.svc.cluster.local" in hosts and service.spec.selector:
                selector = service.spec.selector
                yield selector, AssumedProxy(ProxyType.ROUTER, service.namespace, selector)


def _of_istio(mesh: Mesh, resources: Iterable[Resource]) -> Iterator[tuple[KubernetesGateway, Controller]]:
    """The Gateways of the Gateway API that Istio serves. Waypoints are among them in every mesh."""
    objects = tuple(resources)
    known = controllers((each for each in objects if isinstance(each, GatewayClass)), ambient=True)
    for each in objects:
        if isinstance(each, KubernetesGateway) and (controller := known.get(each.spec.gateway_class_name)) is not None:
            yield each, controller


def _left_out(mesh: Mesh) -> Iterator[str]:
    """The Gateways of the Gateway API without a proxy, with reasons."""
    served = {(each.namespace, each.labels.get(GATEWAY_NAME)) for each in mesh.proxies()}
    for gateway, controller in _of_istio(mesh, mesh.config_cluster.resources):
        if is_managed(gateway.spec) and (gateway.namespace, gateway.name) not in served:
            yield f"gateway/{gateway.name}.{gateway.namespace}: {_reason(controller, mesh)}"


def _reason(controller: Controller, mesh: Mesh) -> str:
    match controller:
        case Controller.REMOTE:
            return "its proxies run in another cluster"
        case Controller.WAYPOINT if not mesh.ambient:
            return "only an ambient mesh has waypoints, see --ambient"
        case _:
            return "the input has running Pods, but none of this Gateway"
