"""The servers of a service: its ports, the proxies in front of them, and what they let through."""

from collections.abc import Iterator

from msgspec import Struct

from meshcompile.errors import InvalidArgument
from meshcompile.explain.names import destination
from meshcompile.explain.request import Given
from meshcompile.explain.world import World
from meshcompile.inject.traffic import EXCLUDE_INBOUND_PORTS, INCLUDE_INBOUND_PORTS
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.snapshot.service import Endpoint, Registry, Service
from meshcompile.spaces import Space, Undecided, ranges, space
from meshcompile.symbolic.addresses import END, number
from meshcompile.symbolic.admissions import ChainAdmission, admissions
from meshcompile.symbolic.rbac import PORTS
from meshcompile.symbolic.subjects import universe
from meshcompile.values.names import CONNECT_TERMINATE


class CalledService(Struct, frozen=True):
    """A service, and the port that is meant; None for all ports."""

    service: Service
    port: int | None = None


class CalledPort(Struct, frozen=True):
    """A port of a workload behind a service. `proxy` is None for a workload without one. `port` is the Service's."""

    name: str
    service: Service
    port: int
    address: str
    target_port: int
    proxy: Proxy | None
    pod: Pod | None

    @property
    def connections(self) -> Space:
        """The connections to the port."""
        at, port = number(self.address), self.target_port
        return space(destination=ranges([(at, at + 1)], END), port=ranges([(port, port + 1)], PORTS))


def target(world: World, text: str) -> CalledService:
    """The service with a name: `NAME.NAMESPACE`, or a host, with `:PORT` for one port.

    Raises:
        InvalidArgument: There is no such service, or it has no such port.
    """
    host, _, port = text.partition(":")
    found = destination(world.snapshot, host, "default", Given()).service
    if found is None:
        raise InvalidArgument(_unknown(world, host))
    if port and (not port.isdecimal() or found.port(int(port)) is None):
        known = ", ".join(str(each.number) for each in found.ports)
        raise InvalidArgument(f"service {found.hostname} has no port {port}, only {known}")
    return CalledService(found, int(port) if port else None)


def _unknown(world: World, host: str) -> str:
    from difflib import get_close_matches  # only needed for mistakes

    known = [f"{each.name}.{each.namespace}" for each in world.snapshot.services.all if each.name]
    close = get_close_matches(host, known, n=1)
    return f"there is no service {host}" + (f"; is {close[0]} meant?" if close else "")


def server_ports(world: World, wanted: CalledService) -> Iterator[CalledPort]:
    """The ports of the workloads of a service, one for all Pods of a workload.

    Raises:
        Undecided: The service has no workloads that are known here.
    """
    if wanted.service.registry is Registry.EXTERNAL and not world.snapshot.endpoints.of(wanted.service):
        raise Undecided(f"{wanted.service.hostname} is outside of the mesh")
    found = tuple(_server_ports(world, wanted))
    if not found:
        raise Undecided(f"no workload of {wanted.service.hostname} is known")
    yield from found


def _server_ports(world: World, wanted: CalledService) -> Iterator[CalledPort]:
    seen: set[tuple[str, str, int, int]] = set()
    for port in wanted.service.ports:
        if wanted.port in (None, port.number):
            for endpoint in world.snapshot.endpoints.named(wanted.service, port.name):
                found = _server_port(world, wanted.service, port.number, endpoint)
                cluster = found.proxy.cluster if found.proxy is not None else ""
                if (key := (cluster, found.name, found.port, found.target_port)) not in seen:
                    seen.add(key)
                    yield found


def _server_port(world: World, service: Service, port: int, endpoint: Endpoint) -> CalledPort:
    proxy, pod = world.proxies.get(endpoint.address), world.pods.get(endpoint.address)
    name = world.name(proxy) if proxy is not None else world.answering(pod) if pod is not None else endpoint.address
    return CalledPort(name, service, port, endpoint.address, endpoint.port, proxy, pod)


def _is_captured(server: CalledPort) -> bool:
    """Whether connections to the port are redirected to the sidecar, as annotations of the Pod say."""
    annotations = server.pod.metadata.annotations if server.pod is not None else {}
    included = _ports(annotations.get(INCLUDE_INBOUND_PORTS, "*"))
    excluded = _ports(annotations.get(EXCLUDE_INBOUND_PORTS, ""))
    port = str(server.target_port)
    return ("*" in included or port in included) and port not in excluded


def _ports(text: str) -> set[str]:
    return {each.strip() for each in text.split(",")}


def let_through(world: World, server: CalledPort, requests: Space) -> tuple[ChainAdmission, ...] | Space:
    """What the proxy of a server lets through of some requests, by filter chain; all of them if there is no proxy.

    Raises:
        Undecided: It cannot be expressed.
    """
    if server.proxy is None or not _is_captured(server):
        if server.proxy is None and world.snapshot.inputs.ambient:
            raise Undecided("it has no sidecar, and which direct connections its ztunnel takes is not evaluated")
        return requests & universe(("tls", "principal"))
    if server.proxy.type is not ProxyType.SIDECAR:
        raise Undecided("it is no sidecar")
    config, _ = world.evaluated(server.proxy)
    extensions, tables = {each.name: each for each in config.extensions}, {each.name: each for each in config.routes}
    if any(each.name == CONNECT_TERMINATE for each in config.listeners):
        raise Undecided("it also takes tunnels of ztunnel")
    inbound = [each for each in config.listeners if each.name == "virtualInbound"]
    if not inbound:
        raise Undecided("it redirects no traffic to its sidecar")
    wanted = requests & server.connections
    return tuple(found for each in inbound for found in admissions(each, extensions, tables, wanted))
