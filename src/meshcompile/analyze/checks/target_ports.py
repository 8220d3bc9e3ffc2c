"""Ports of Services that forward to a port on which no container listens."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.pods import declared_ports, runs_application
from meshcompile.codes.server_ports import HEADLESS_TARGET_PORT, UNDECLARED_TARGET_PORT
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.kubernetes.service import HEADLESS, Service, ServicePort
from meshcompile.snapshot.workloads import named_ports
from meshcompile.values.hosts import qualified

OF_ISTIO = range(15000, 15100)
"""Ports that the proxy and its agent open."""


def target_ports(context: Context) -> Iterator[Diagnostic]:
    """A finding for each Service port that no container of its Pods declares, or that headless clients cannot use."""
    for service in context.resources.all(Service):
        if not service.spec.selector:
            continue
        pods = tuple(context.pods.selected(service.spec.selector, service.namespace))
        for port in service.spec.ports if pods else ():
            if port.protocol == "TCP":
                yield from _of_port(context, service, port, pods)


def _of_port(context: Context, service: Service, port: ServicePort, pods: tuple[Pod, ...]) -> Iterator[Diagnostic]:
    target, field = port.effective_target_port, "target_port" if port.target_port else "port"
    found = {target} if isinstance(target, int) else {named_ports(pod).get(target) for pod in pods}
    declared = [declared_ports(pod) for pod in pods if runs_application(pod) and not context.serves_gateway(pod)]
    if declared and all(declared) and found.isdisjoint({None}.union(*declared) - {None}):
        if not (isinstance(target, int) and target in OF_ISTIO):
            yield UNDECLARED_TARGET_PORT(
                port.at(field),
                port=port.port,
                target=f"port {target}" if isinstance(target, int) else f"a port named `{target}`",
                declared=", ".join(map(str, sorted(frozenset[int]().union(*declared))[:5])),
                effect="requests get 503 UF unless something listens there undeclared"
                if isinstance(target, int)
                else "the Service has no endpoints, and requests get 503 UH",
                related=(Related("one of the Pods", pods[0].origin),),
            )
    elif service.spec.cluster_ip == HEADLESS and port.port not in found:
        target_text = " or ".join(sorted(str(each) for each in found if each is not None))
        host = qualified(service.name, service.namespace)
        if target_text:
            yield HEADLESS_TARGET_PORT(port.at(field), host=host, port=port.port, target=target_text)
