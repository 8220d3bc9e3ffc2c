"""The ambient mesh on the way of a request: which waypoint gets it, and what ztunnel decides at its end."""

from meshcompile.explain.world import World
from meshcompile.explain.ztunnel import ZtunnelDecision, ztunnel_decision
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.proxy import Proxy
from meshcompile.simulate import DownstreamConnection, Spoken
from meshcompile.simulate.rbac_conditions import PEER_PRINCIPAL
from meshcompile.snapshot.ambient.workloads import tunnel_protocol
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.workloads import workload_name
from meshcompile.values.spiffe import workload_identity
from meshcompile.ztunnel.rbac import TunnelledConnection

MAIN_INTERNAL = "main_internal"
"""The listener of a waypoint behind the end of the tunnel."""


def is_ambient(world: World, pod: Pod | None) -> bool:
    """Whether ztunnel handles the connections of a Pod."""
    if pod is None or not world.snapshot.ambient:
        return False
    metadata = pod.metadata
    return tunnel_protocol(metadata.labels, metadata.annotations) == "HBONE"


def identity_of(world: World, pod: Pod) -> str:
    """The SPIFFE identity of a Pod."""
    return workload_identity(world.snapshot.mesh.trust_domain, pod.namespace, pod.spec.service_account)


def waypoint_of(world: World, service: Service) -> Proxy | None:
    """A proxy of the waypoint that a service uses; None if it uses none, or if no Pod serves it."""
    found = world.snapshot.ambient_index.services.get((service.namespace, service.hostname))
    waypoint = None if found is None else found.attachment.waypoint
    if waypoint is None:
        return None
    for proxy in world.mesh.proxies():
        if proxy.is_waypoint and proxy.namespace == waypoint.namespace and world.serves(proxy, waypoint.name):
            return proxy
    return None


def sent_to_waypoint(world: World, pod: Pod, waypoint: Proxy) -> ZtunnelDecision:
    """The decision of the sender's ztunnel."""
    why = f"sends the connection to waypoint {world.name(waypoint)}"
    return ZtunnelDecision(f"{workload_name(pod)}.{pod.namespace}", True, why)


def at_waypoint(address: str, port: int, source: str, identity: str, *, http: bool = True) -> DownstreamConnection:
    """A connection for the address of a service, as the waypoint gets it out of the tunnel."""
    return DownstreamConnection(
        destination=address,
        port=port,
        source=source,
        listener=MAIN_INTERNAL,
        spoken=Spoken.HTTP11 if http else Spoken.TCP,
        filter_state={PEER_PRINCIPAL: identity},
    )


def at_ztunnel(world: World, to: tuple[Pod, int], identity: str, source: str) -> ZtunnelDecision:
    """What the ztunnel of a Pod decides about a connection to a port, from a client with this identity and address."""
    pod, port = to
    workload = (workload_name(pod), pod.namespace, pod.metadata.labels)
    connection = TunnelledConnection(identity=identity, source=source, destination=pod.status.pod_ip, port=port)
    return ztunnel_decision(world.snapshot, world.ztunnel_policies, workload, connection)


def tunnelled(address: str) -> tuple[str, int]:
    """The host and the port of an endpoint, which may be behind a tunnel: `connect_originate/10.1.0.5:8080`."""
    host, _, port = address.rpartition("/")[2].rpartition(":")
    return host.strip("[]"), int(port) if port.isdecimal() else 0
