"""Ports of Services without a named protocol. Follows istioctl's `service.PortNameAnalyzer`."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.in_mesh import is_control_plane
from meshcompile.codes.services import EXTERNAL_NAME_PORT, PORT_NAME
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.kubernetes.service import Service, ServicePort
from meshcompile.values.labels import MANAGED
from meshcompile.values.ports import Protocol, declared_protocol

CONTROLLERS = frozenset({"istio.io-gateway-controller", "istio.io-mesh-controller", "istio.io-eastwest-controller"})
EXTERNAL_NAME = "ExternalName"


def port_names(context: Context) -> Iterator[Diagnostic]:
    """A finding for each port whose protocol proxies detect."""
    for service in context.written.all(Service):
        labels = service.metadata.labels
        if is_control_plane(labels) or labels.get(MANAGED) in CONTROLLERS:
            continue
        is_external = service.spec.type == EXTERNAL_NAME
        for port in service.spec.ports:
            if _is_unnamed(port) or (is_external and port.name == "tcp"):
                code = EXTERNAL_NAME_PORT if is_external else PORT_NAME
                what = f"the name `{port.name}`" if port.name else "no name"
                yield code(port.at("port"), port=port.port, what=what)


def _is_unnamed(port: ServicePort) -> bool:
    return declared_protocol(port.port, port.name, port.protocol, port.app_protocol) is Protocol.AUTO
