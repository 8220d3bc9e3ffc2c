"""HTTP rules for services whose ports do not carry HTTP."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.routes import HTTP_RULES_ON_TCP
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.documents import Origin
from meshcompile.models.networking.virtual_service import MESH_GATEWAY, VirtualService
from meshcompile.snapshot.service import Registry, Service, ServicePort
from meshcompile.values.hosts import qualified
from meshcompile.values.ports import declared_protocol


def http_rules_on_tcp(context: Context) -> Iterator[Diagnostic]:
    """A finding for each host of sidecars' HTTP rules that is a service without an HTTP port."""
    for virtual_service in context.resources.all(VirtualService):
        spec, namespace = virtual_service.spec, virtual_service.namespace
        if not spec.http or (spec.gateways and MESH_GATEWAY not in spec.gateways):
            continue
        for index, host in enumerate(spec.hosts):
            services = context.snapshot.services.by_hostname.get(qualified(host, namespace), {}).values()
            if services and not any(_takes_http(service) for service in services):
                yield _finding(virtual_service, index, tuple(services))


def _takes_http(service: Service) -> bool:
    """True if proxies look for HTTP on a port, or if the service has no ports."""
    return not service.ports or any(port.protocol.is_http_or_sniffed for port in service.ports)


def _finding(virtual_service: VirtualService, index: int, services: tuple[Service, ...]) -> Diagnostic:
    ports = tuple((service, port) for service in services for port in service.ports)
    rules = Related("these rules are not used", virtual_service.spec.at("hosts", index))
    return HTTP_RULES_ON_TCP(
        _declaration(*ports[0]),
        host=virtual_service.spec.hosts[index],
        rules=virtual_service.full_name,
        ports=", ".join(f"{port.number} `{port.name}` is {port.protocol}" for _, port in ports),
        suggestion="name the port `http` or `http-...`, or set its `appProtocol: http`",
        related=(rules, *(Related("the port is declared here", port.origin) for _, port in ports[1:])),
    )


def _declaration(service: Service, port: ServicePort) -> Origin:
    """The place that declares the protocol of a port."""
    if service.registry is Registry.EXTERNAL:
        return port.origin.at("protocol")
    by_name = declared_protocol(port.number, port.name) is port.protocol
    return port.origin.at("name" if by_name and port.name else "appProtocol")
