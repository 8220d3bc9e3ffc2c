"""Pods, indexed by the pairs in selectors, and the ports on which Services reach them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from meshcompile.analyze.routers import has_sidecar
from meshcompile.models.kubernetes.pod import PROXY_CONTAINER, Pod
from meshcompile.models.kubernetes.service import Service, ServicePort
from meshcompile.snapshot.workloads import named_ports, serving_containers
from meshcompile.values.labels import Labels, selects

Pair = tuple[str, tuple[str, str]]  # namespace, or "" for all, and label


class LeadingPort(NamedTuple):
    """A port of a Service that forwards to a Pod. `target` is None if the Pod has no port with that name."""

    service: Service
    port: ServicePort
    target: int | None


@dataclass(frozen=True, eq=False)
class Pods:
    """The Pods and the Services of a mesh, of all clusters."""

    all: tuple[Pod, ...]
    services: tuple[Service, ...]

    def selected(self, selector: Labels, namespace: str = "") -> Iterator[Pod]:
        """The Pods of a namespace (of all namespaces for "") with these labels. No labels select all."""
        everything: Iterable[Pod] = self.by_namespace.get(namespace, ()) if namespace else self.all
        groups = (self._by_pair.get((namespace, pair), []) for pair in selector.items())
        candidates = min(groups, key=len, default=everything)
        return (pod for pod in candidates if selects(selector, pod.metadata.labels))

    def has(self, selector: Labels, namespace: str = "") -> bool:
        """True if a Pod is selected."""
        return any(True for _ in self.selected(selector, namespace))

    def reaching(self, pod: Pod) -> Iterator[LeadingPort]:
        """The ports of Services that select a Pod."""
        named = named_ports(pod)
        for service in self.services_of(pod.metadata.labels, pod.namespace):
            for port in service.spec.ports:
                target = port.effective_target_port
                yield LeadingPort(service, port, target if isinstance(target, int) else named.get(target))

    def services_of(self, labels: Labels, namespace: str) -> Iterator[Service]:
        """The Services of a namespace that select Pods with these labels."""
        for pair in labels.items():
            for service in self._by_selector.get((namespace, pair), ()):
                if selects(service.spec.selector, labels):
                    yield service

    @cached_property
    def by_namespace(self) -> Mapping[str, list[Pod]]:
        """The Pods of each namespace."""
        found: dict[str, list[Pod]] = defaultdict(list)
        for pod in self.all:
            found[pod.namespace].append(pod)
        return found

    @cached_property
    def _by_pair(self) -> Mapping[Pair, list[Pod]]:
        found: dict[Pair, list[Pod]] = defaultdict(list)
        for pod in self.all:
            for pair in pod.metadata.labels.items():
                found[pod.namespace, pair].append(pod)
                found["", pair].append(pod)
        return found

    @cached_property
    def _by_selector(self) -> Mapping[Pair, list[Service]]:
        """The Services by the first pair of their selector."""
        found: dict[Pair, list[Service]] = defaultdict(list)
        for service in self.services:
            for pair in service.spec.selector.items():
                found[service.namespace, pair].append(service)
                break
        return found


def declared_ports(pod: Pod) -> frozenset[int]:
    """The ports that the containers of a Pod declare, except for the proxy."""
    containers = (container for container in serving_containers(pod) if container.name != PROXY_CONTAINER)
    return frozenset(port.container_port for container in containers for port in container.ports)


def runs_application(pod: Pod) -> bool:
    """False for a Pod that has only the proxy."""
    return any(container.name != PROXY_CONTAINER for container in pod.spec.containers)


def has_proxy(pod: Pod) -> bool:
    """True if a Pod has Envoy, as a sidecar or alone."""
    return pod.spec.proxy is not None or has_sidecar(pod)
