"""The ports of services, and where they lead on a workload. Follows `constructServices` of istiod's `workloads.go`."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from meshcompile.envoy.workload import AppProtocol, Port, PortList
from meshcompile.models.kubernetes.endpoint_slice import EndpointSlice
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.networking.service_entry import ServiceEntry
from meshcompile.models.networking.workload_entry import WorkloadEntry, WorkloadEntrySpec
from meshcompile.snapshot.service import Registry, Service, ServicePort
from meshcompile.snapshot.workloads import named_ports
from meshcompile.values.ports import Protocol

WorkloadObject: TypeAlias = Pod | WorkloadEntry | WorkloadEntrySpec | ServiceEntry

APP_PROTOCOLS: Mapping[Protocol, AppProtocol] = {
    Protocol.HTTP: "HTTP11",
    Protocol.HTTP2: "HTTP2",
    Protocol.GRPC: "GRPC",
    Protocol.TLS: "TLS",
    Protocol.HTTPS: "TLS",
    Protocol.TCP: "TCP",
}


def service_ports(service: Service) -> tuple[Port, ...]:
    """The ports of a service. A port whose target is a name has no target port here."""
    return tuple(
        Port(
            service_port=port.number,
            target_port=_number(port),
            app_protocol=APP_PROTOCOLS.get(port.protocol, "UNKNOWN"),
        )
        for port in service.ports
    )


def workload_ports(service: Service, source: WorkloadObject) -> PortList:
    """The ports of a service on a workload. A port whose target the workload does not name is left out."""
    return PortList(ports=tuple(_workload_ports(service, source)))


def _workload_ports(service: Service, source: WorkloadObject) -> Iterator[Port]:
    numbers = _named(source)
    by_port_name = service.registry is Registry.EXTERNAL or not isinstance(source, Pod)
    last = last_by_number(service)
    for port in service.ports:
        named = last[port.number]
        if isinstance(named.target, str):
            target = numbers.get(named.target)
        else:
            target = numbers.get(named.name, _number(port)) if by_port_name else _number(port)
        if target is not None:
            yield Port(service_port=port.number, target_port=target)


def slice_ports(service: Service, source: EndpointSlice) -> PortList:
    """The ports of a service on the addresses of an EndpointSlice, which names them."""
    return PortList(ports=tuple(_slice_ports(service, source)))


def _slice_ports(service: Service, source: EndpointSlice) -> Iterator[Port]:
    last = last_by_number(service)
    for listed in source.ports:
        named = (port for port in service.ports if last[port.number].name == (listed.name or ""))
        port = next(named, None)
        if port is not None and listed.port is not None and listed.protocol == "TCP":
            yield Port(service_port=port.number, target_port=listed.port)


def last_by_number(service: Service) -> Mapping[int, ServicePort]:
    """The port that istiod takes the names from: the last one with a number."""
    return {port.number: port for port in service.ports}


def _number(port: ServicePort) -> int:
    if isinstance(port.target, str):
        return 0
    return port.target or port.number


def _named(source: WorkloadObject) -> Mapping[str, int]:
    match source:
        case Pod():
            return named_ports(source)
        case WorkloadEntry():
            return source.spec.ports
        case WorkloadEntrySpec():
            return source.ports
        case ServiceEntry():
            return {}
