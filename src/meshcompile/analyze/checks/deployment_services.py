"""Services that select one Deployment and contradict each other. Follows istioctl's `ServiceAssociationAnalyzer`."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from meshcompile.analyze.context import Context
from meshcompile.analyze.in_mesh import gets_sidecar
from meshcompile.analyze.places import named
from meshcompile.codes.services import PORT_WITH_TWO_PROTOCOLS, TARGET_PORT_WITH_SEVERAL_PORTS
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.kubernetes.workloads import Deployment
from meshcompile.values.labels import MANAGED, MANAGED_WAYPOINT


def deployment_services(context: Context) -> Iterator[Diagnostic]:
    """A finding for each port with two protocols, and for each Pod port of several Service ports."""
    written = context.written
    for deployment in written.all(Deployment):
        template = deployment.spec.template
        labels, annotations = template.metadata.labels, template.metadata.annotations
        if deployment.metadata.labels.get(MANAGED) == MANAGED_WAYPOINT:
            continue
        if gets_sidecar(template.spec, deployment.namespace, labels, annotations, written):
            services = tuple(written.pods.services_of(labels, deployment.namespace))
            yield from _protocols(deployment, services)
            yield from _target_ports(deployment, services)


def _protocols(deployment: Deployment, services: Sequence[Service]) -> Iterator[Diagnostic]:
    found: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for service in services:
        for port in service.spec.ports:
            found[port.port][port.protocol].append(service.name)
    for number, protocols in found.items():
        if len(protocols) > 1:
            names = sorted({name for group in protocols.values() for name in group})
            yield PORT_WITH_TWO_PROTOCOLS(
                named(deployment), services=", ".join(names), port=number, protocols=", ".join(sorted(protocols))
            )


def _target_ports(deployment: Deployment, services: Sequence[Service]) -> Iterator[Diagnostic]:
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for service in services:
        for port in service.spec.ports:
            found[str(port.effective_target_port)][port.port] = service.name
    for target, ports in found.items():
        if len(ports) > 1:
            yield TARGET_PORT_WITH_SEVERAL_PORTS(
                named(deployment),
                services=", ".join(sorted(set(ports.values()))),
                ports=", ".join(map(str, sorted(ports))),
                target=target,
            )
