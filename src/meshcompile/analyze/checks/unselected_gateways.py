"""Gateways, and the Pods and Services that serve them. Follows istioctl's `IngressGatewayPortAnalyzer`."""

from collections.abc import Collection, Iterator

from meshcompile.analyze.context import INGRESS_GATEWAY_LABELS, INGRESS_GATEWAY_PORTS, Context
from meshcompile.analyze.places import selector_place
from meshcompile.analyze.workloads import selector_text
from meshcompile.analyze.written import Written
from meshcompile.codes.references import GATEWAY_PORT_NOT_ON_SERVICE, NOT_FOUND
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.networking.gateway import Gateway, Server
from meshcompile.values.labels import Labels, selects


def unselected_gateways(context: Context) -> Iterator[Diagnostic]:
    """A finding for each Gateway that selects no workload, and for each port that no Service forwards to."""
    reachable: dict[str, frozenset[int]] = {}  # by selector, because many Gateways share one
    for gateway in context.written.all(Gateway):
        labels = gateway.spec.selector
        if context.written.pods.has(labels):
            key = selector_text(labels)
            if key not in reachable:
                reachable[key] = _reachable(context.written, labels)
            yield from _ports(gateway, reachable[key])
        elif context.assumes_ingress_gateway and selects(labels, INGRESS_GATEWAY_LABELS):
            yield from _ports(gateway, INGRESS_GATEWAY_PORTS)
        elif not context.workloads.has(labels) or not labels:
            yield _selecting_nothing(context, gateway)


def _selecting_nothing(context: Context, gateway: Gateway) -> Diagnostic:
    labels = gateway.spec.selector
    return NOT_FOUND(
        selector_place(gateway, labels, "spec", "selector"),
        problem=f"no workload has the labels {selector_text(labels)} that this Gateway selects",
        effect="no proxy opens its ports",
        severity=context.of_workloads,
    )


def _reachable(written: Written, labels: Labels) -> frozenset[int]:
    """The ports of Services in front of the selected Pods, and the Pods' own ports that they forward to."""
    return frozenset(port for pod in written.pods.selected(labels) for port in _ports_leading_to(written, pod))


def _ports_leading_to(written: Written, pod: Pod) -> Iterator[int]:
    for service in written.services.get(pod.namespace, ()):
        if selects(service.spec.selector, pod.metadata.labels):
            for port in service.spec.ports:
                if port.protocol == "TCP":
                    target = port.effective_target_port
                    yield from (port.port, target if isinstance(target, int) else port.port)


def _ports(gateway: Gateway, reachable: Collection[int]) -> Iterator[Diagnostic]:
    labels = gateway.spec.selector
    for server in gateway.spec.servers:
        if server.port.number not in reachable and _has_port(server):
            place = selector_place(gateway, labels, "spec", "selector")
            yield GATEWAY_PORT_NOT_ON_SERVICE(server.port.at("number"), reported=place, port=server.port.number)


def _has_port(server: Server) -> bool:
    """False for a server without a port, which is rejected for that."""
    return "port" in server.origin.document.place(server.origin.path).children
