"""Workloads that a Service opens to clients outside of the cluster, or no longer does: past all gateways."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from meshcompile.config import Config
from meshcompile.documents import Origin
from meshcompile.mesh import Mesh
from meshcompile.models.base import Resource
from meshcompile.models.kubernetes.service import Service
from meshcompile.prove.outsiders import OPEN_TYPES
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.simulate import Capture, DownstreamConnection, ForwardedBytes, ForwardedRequest, ProxyEvaluator
from meshcompile.simulate import HttpRequest as Asked


class Opening(Struct, frozen=True):
    """A port of a Service that clients outside can call on one side only. `proxy` takes what they send."""

    service: Service
    port: int
    target: int
    proxy: Proxy
    is_open: bool
    places: tuple[Origin, ...]


def openings(before: Mesh, after: Mesh) -> Iterator[Opening]:
    """The ports of workloads with sidecars that Services open or close, and that take plain text from outside."""
    was, now = _services(before.objects), _services(after.objects)
    for key in sorted(was.keys() & now.keys()):
        if is_opening(was[key]) != is_opening(now[key]):
            opens = is_opening(now[key])
            service, mesh = (now[key], after) if opens else (was[key], before)
            yield from _ports(service, mesh, is_open=opens)


def _services(objects: Iterable[Resource]) -> Mapping[tuple[str, str], Service]:
    return {(each.namespace, each.name): each for each in objects if isinstance(each, Service)}


def is_opening(service: Service) -> bool:
    """Whether clients outside of the cluster can call a Service."""
    return service.spec.type in OPEN_TYPES or bool(service.spec.external_ips)


def _ports(service: Service, mesh: Mesh, *, is_open: bool) -> Iterator[Opening]:
    selector = service.spec.selector.items()
    served = (each for each in mesh.proxies() if each.namespace == service.namespace and selector)
    proxy = next((each for each in served if selector <= dict(each.labels).items()), None)
    if proxy is None or proxy.type is not ProxyType.SIDECAR:
        return
    config, origin = mesh.compile(proxy), service.origin.at("spec", "type")
    for port in service.spec.ports:
        target = str(port.effective_target_port)
        if target.isdecimal() and _takes_plain_text(config, int(target)):
            yield Opening(service, port.port, int(target), proxy, is_open, (origin,))


def _takes_plain_text(config: Config, port: int) -> bool:
    """Whether a request in plain text from outside of the mesh gets through to the workload."""
    address = config.proxy.ip_addresses[0]
    connection = DownstreamConnection(destination=address, port=port, source="10.255.0.1", capture=Capture.INBOUND)
    outcomes = ProxyEvaluator(config).outcomes(connection, Asked(authority="any.example"))
    return any(isinstance(each.ending, ForwardedRequest | ForwardedBytes) for each in outcomes)
