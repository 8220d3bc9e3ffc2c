"""The EndpointSlices of a Service, as Kubernetes' controller creates them from the Pods that it selects."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from meshcompile.models.base import ObjectMeta, compact, placed
from meshcompile.models.kubernetes.endpoint_slice import (
    SERVICE_NAME_LABEL,
    Endpoint,
    EndpointConditions,
    EndpointPort,
    EndpointSlice,
    ObjectReference,
)
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.kubernetes.service import Service, ServicePort


class ResolvedServicePort(NamedTuple):
    """A port of a Service, resolved in a Pod."""

    name: str | None
    number: int
    protocol: str
    app_protocol: str | None


_SERVING = EndpointConditions(ready=True, serving=True, terminating=False)


def endpoint_slices(service: Service, pods: Sequence[Pod]) -> Iterator[EndpointSlice]:
    """The EndpointSlices of the Pods, one for each set of ports: a named port may have different numbers in
    different Pods.
    """
    groups: dict[tuple[ResolvedServicePort, ...], list[Pod]] = {}
    for pod in pods:
        groups.setdefault(tuple(_target_ports(service, pod)), []).append(pod)
    for number, (ports, members) in enumerate(groups.items()):
        metadata = ObjectMeta(
            name=f"{service.name}-{number}",
            namespace=service.namespace,
            labels={SERVICE_NAME_LABEL: service.name},
            creation_timestamp=service.metadata.creation_timestamp,
        )
        endpoint_slice = EndpointSlice(
            metadata=compact(metadata),
            ports=tuple(map(_endpoint_port, ports)),
            endpoints=tuple(_endpoint(service, pod) for pod in members),
        )
        yield placed(endpoint_slice, service.origin)


def _target_ports(service: Service, pod: Pod) -> Iterator[ResolvedServicePort]:
    for port in service.spec.ports:
        target = _target_port(port, pod)
        if target is not None:
            yield ResolvedServicePort(port.name, target, port.protocol, port.app_protocol)


def _endpoint_port(port: ResolvedServicePort) -> EndpointPort:
    named = EndpointPort(name=port.name, port=port.number, protocol=port.protocol, app_protocol=port.app_protocol)
    return compact(named)


def _target_port(port: ServicePort, pod: Pod) -> int | None:
    """The number of a Service port in a Pod; None for a name that the Pod does not have."""
    target = port.effective_target_port
    if isinstance(target, int):
        return target
    named = (p for container in pod.spec.containers for p in container.ports)
    return next((p.container_port for p in named if (p.name, p.protocol) == (target, port.protocol)), None)


def _endpoint(service: Service, pod: Pod) -> Endpoint:
    has_own_name = pod.spec.subdomain == service.name and pod.spec.hostname
    target = ObjectReference(kind="Pod", name=pod.name, namespace=pod.namespace)
    endpoint = Endpoint(
        addresses=(pod.status.pod_ip,),
        conditions=_SERVING,
        hostname=pod.spec.hostname if has_own_name else None,
        node_name=pod.spec.node_name or None,
        target_ref=compact(target),
    )
    return placed(endpoint, pod.origin)
