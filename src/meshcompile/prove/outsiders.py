"""The ways into a mesh that its gateways do not show: workloads that are not known, and ports that nodes open."""

from collections.abc import Iterable, Iterator

from meshcompile.explain.world import World
from meshcompile.models.gateway_api.gateway import KubernetesGateway
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.networking.gateway import Gateway
from meshcompile.prove.servers import CalledPort
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.snapshot.ambient.waypoints import GATEWAY_NAME

OPEN_TYPES = ("NodePort", "LoadBalancer")
"""The types of Services that clients outside of the cluster call."""


def unknown_gateways(world: World) -> Iterator[str]:
    """Gateways that no known workload serves, in words."""
    routers = tuple(each for each in world.mesh.proxies() if each.type is ProxyType.ROUTER)
    for each in world.mesh.objects:
        match each:
            case Gateway() if not any(each.spec.selector.items() <= dict(one.labels).items() for one in routers):
                selector = ",".join(f"{name}={value}" for name, value in sorted(each.spec.selector.items()))
                yield f"Gateway {each.namespace}/{each.name} selects no known workload: add one with {selector}"
            case KubernetesGateway() if not _is_served(each, routers):
                yield f"Gateway {each.namespace}/{each.name} has no known workload"
            case _:
                pass


def _is_served(gateway: KubernetesGateway, routers: Iterable[Proxy]) -> bool:
    """Whether a workload runs for a Gateway. Waypoints take no requests from outside."""
    same = (one for one in routers if one.namespace == gateway.namespace)
    named = any(one.labels.get(GATEWAY_NAME) == gateway.name for one in same)
    return named or "waypoint" in gateway.spec.gateway_class_name


def opened_by(world: World, server: CalledPort) -> str:
    """What opens a port of a workload to clients outside, past all gateways; "" if nothing does."""
    if server.pod is None:
        return ""
    if server.pod.spec.host_network:
        return f"{server.name} is in the network of its node"
    labels = server.pod.metadata.labels.items()
    for each in world.mesh.objects:
        if (
            isinstance(each, Service)
            and each.namespace == server.pod.namespace
            and each.spec.selector
            and each.spec.selector.items() <= labels
            and (each.spec.type in OPEN_TYPES or each.spec.external_ips)
        ):
            return f"Service {each.namespace}/{each.name} takes connections from outside of the cluster"
    return ""
