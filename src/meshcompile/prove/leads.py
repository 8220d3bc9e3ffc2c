"""Which clusters, routes and filter chains of a proxy can lead to a port of a workload."""

from collections.abc import Iterator, Mapping

from meshcompile.config import Config
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import Address, SocketAddress
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.config.listener import FilterChain
from meshcompile.envoy.config.route import RouteAction
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.envoy.extensions.filters.network.tcp_proxy import TcpProxy
from meshcompile.envoy.traversal import forwarded_to, mirrored_to
from meshcompile.explain.world import World
from meshcompile.prove.servers import CalledPort
from meshcompile.snapshot.service import Service

CHOOSING_LATER = ("ORIGINAL_DST",)
"""The types of clusters whose endpoints each connection chooses."""


class ClusterLeads:
    """The clusters of a proxy. What cannot be ruled out counts as a way to a workload."""

    def __init__(self, world: World, config: Config) -> None:
        self._world = world
        self._clusters: Mapping[str, Cluster] = {each.name: each for each in config.clusters}
        self._assignments = {each.cluster_name: each for each in config.endpoints}

    def of_action(self, action: RouteAction, server: CalledPort) -> bool:
        """Whether a route can lead to a port of a workload."""
        if action.cluster_header or action.cluster_specifier_plugin or action.inline_cluster_specifier_plugin:
            return True
        return any(self.leads(name, server) for name in clusters_of(action))

    def of_chain(self, chain: FilterChain, server: CalledPort) -> bool:
        """Whether a filter chain that is not for HTTP can lead to a port of a workload."""
        for each in chain.filters:
            match each.typed_config:
                case HttpConnectionManager():
                    return False
                case TcpProxy() as proxy:
                    return any(self.leads(name, server) for name in forwarded_to(proxy))
                case _:
                    pass
        return bool(chain.filters)

    def leads(self, name: str, server: CalledPort) -> bool:
        """Whether a cluster can lead to a port of a workload, whatever service it is for."""
        cluster = self._clusters.get(name)
        if _is_named_for(name, server.service, server.port):
            return cluster is None or self._may_have(cluster, server)
        if cluster is None:
            return False
        if cluster.cluster_type is not None or cluster.type in CHOOSING_LATER:
            return True
        return any(
            _is_at(address, server)
            for found in (self._assignments.get(_assigned(cluster)), cluster.load_assignment)
            for address in _addresses(found)
        )

    def _may_have(self, cluster: Cluster, server: CalledPort) -> bool:
        """Whether a cluster of the service can have the workload: not if it has other known workloads only."""
        found = (self._assignments.get(_assigned(cluster)), cluster.load_assignment)
        addresses = [each.address for one in found for each in _addresses(one)]
        names = [self._named(address) for address in addresses]
        return not names or "" in names or server.name in names

    def _named(self, address: str) -> str:
        """The workload at an address; "" for an unknown one."""
        if (proxy := self._world.proxies.get(address)) is not None:
            return self._world.name(proxy)
        pod = self._world.pods.get(address)
        return self._world.answering(pod) if pod is not None else ""


def clusters_of(action: RouteAction) -> Iterator[str]:
    """The clusters that a route names, with those that get copies of its requests."""
    yield from forwarded_to(action)
    yield from mirrored_to(action)


def _is_named_for(cluster: str, service: Service, port: int) -> bool:
    parts = cluster.replace("_.", "|").split("|", 3)
    return len(parts) == 4 and parts[3] == service.hostname and parts[1] in (str(port), "")


def _assigned(cluster: Cluster) -> str:
    """The name of the endpoints of a cluster."""
    return (cluster.eds_cluster_config.service_name if cluster.eds_cluster_config else "") or cluster.name


def _addresses(assignment: ClusterLoadAssignment | None) -> Iterator[SocketAddress]:
    for locality in assignment.endpoints if assignment is not None else ():
        for each in locality.lb_endpoints:
            match each.endpoint.address if each.endpoint is not None else None:
                case Address(socket_address=SocketAddress() as found):
                    yield found
                case _:
                    pass


def _is_at(address: SocketAddress, server: CalledPort) -> bool:
    """Whether an address is that of a workload, or a name of its service."""
    service = server.service
    names = (f"{service.name}.{service.namespace}", f"{service.name}.{service.namespace}.svc", service.hostname)
    called = address.address.rstrip(".").lower()
    return called in names or (called == server.address and address.port_value == server.target_port)
