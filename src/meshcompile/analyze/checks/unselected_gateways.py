"""Gateways, and the Pods and Services that serve them. Follows istioctl's `IngressGatewayPortAnalyzer`."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from meshcompile.analyze.context import INGRESS_GATEWAY_LABELS, INGRESS_GATEWAY_PORTS, Context
from meshcompile.analyze.workloads import selector_text
from meshcompile.codes.references import GATEWAY_PORT_NOT_ON_SERVICE, NOT_FOUND
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.networking.gateway import Gateway
from meshcompile.values.labels import Labels, selects


def unselected_gateways(context: Context) -> Iterator[Diagnostic]:
    """A finding for each Gateway that selects no workload, and for each port that no Service forwards to."""
    services: dict[str, list[Service]] = defaultdict(list)
    for service in context.resources.all(Service):
        services[service.namespace].append(service)
    for gateway in context.resources.all(Gateway):
        selected = tuple(context.workloads.selected(gateway.spec.selector))
        if selected:
            yield from _ports(gateway, {port for one in selected for port in _leading_to(one, services)})
        elif context.assumes_ingress_gateway and selects(gateway.spec.selector, INGRESS_GATEWAY_LABELS):
            yield from _ports(gateway, INGRESS_GATEWAY_PORTS)
        else:
            yield _selecting_nothing(context, gateway)


def _selecting_nothing(context: Context, gateway: Gateway) -> Diagnostic:
    place = gateway.spec.at("selector") if gateway.spec.selector else gateway.origin
    return NOT_FOUND(
        place,
        problem=f"no workload has the labels {selector_text(gateway.spec.selector)} that this Gateway selects",
        effect="no proxy opens its ports",
        severity=context.of_workloads,
    )


def _leading_to(workload: tuple[str, Labels], services: Mapping[str, list[Service]]) -> Iterator[int]:
    """The ports of Services in front of a workload, and the workload's own ports that they forward to."""
    namespace, labels = workload
    for service in services.get(namespace, ()):
        if selects(service.spec.selector, labels):
            for port in service.spec.ports:
                target = port.effective_target_port
                yield from (port.port, target if isinstance(target, int) else port.port)


def _ports(gateway: Gateway, reachable: Collection[int]) -> Iterator[Diagnostic]:
    for server in gateway.spec.servers:
        if server.port.number not in reachable:
            yield GATEWAY_PORT_NOT_ON_SERVICE(server.port.at("number"), port=server.port.number)
