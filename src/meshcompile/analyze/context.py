"""The input of checks: the objects as written, and indexes that answer without a scan."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property

from msgspec import Struct

from meshcompile.analyze.host_names import HostNames
from meshcompile.analyze.neighbours import Neighbours, neighbours
from meshcompile.analyze.pods import Pods
from meshcompile.analyze.routers import routers
from meshcompile.analyze.workloads import WorkloadLabels
from meshcompile.analyze.written import Written
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.models.base import Resource
from meshcompile.models.kubernetes.namespace import Namespace
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.kubernetes.service import Service as KubernetesService
from meshcompile.models.networking.destination_rule import DestinationRule
from meshcompile.models.networking.gateway import Gateway
from meshcompile.models.networking.service_entry import ServiceEntry
from meshcompile.models.networking.virtual_service import MESH_GATEWAY, VirtualService
from meshcompile.resolve.facts import ProxyFacts, proxy_facts
from meshcompile.snapshot.resources import ConfigStore
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.short_names import qualified_gateway
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.hosts import is_wildcard, qualified
from meshcompile.values.labels import Labels, selects

SUPPRESS_ANNOTATION = "galley.istio.io/analyze-suppress"
"""istioctl's annotation: codes of findings to suppress for an object, or `*` for all."""

API_SERVER_HOST = qualified("kubernetes", "default")
"""The host of the Service that every cluster has for its API server."""
INGRESS_GATEWAY_LABELS = {"istio": "ingressgateway"}
"""Labels of the ingress gateway from Istio's installation."""
INGRESS_GATEWAY_PORTS = frozenset({80, 443, 15021, 15443, 31400})
"""Ports of that gateway's Service."""

ObjectKey = tuple[str, str, str]  # kind, namespace and name


class Context(Struct, frozen=True, eq=False, dict=True):
    """A mesh under analysis: its accepted objects, oldest first, and their snapshot.

    `findings` are those about single objects. `rejected_objects` are those that Istio's validation rejects, and
    `malformed_objects` those that the API server's schema refuses, as far as they can be read. Certificates are
    compared with the time `at`, if there is one.
    """

    resources: ConfigStore
    snapshot: Snapshot
    findings: tuple[Diagnostic, ...] = ()
    rejected_objects: tuple[Resource, ...] = ()
    malformed_objects: tuple[Resource, ...] = ()
    at: datetime | None = None

    @cached_property
    def rejected(self) -> Mapping[ObjectKey, Diagnostic]:
        """The reason why an object is ignored, by kind, namespace and name."""
        return {(each.kind, each.namespace, each.name): each for each in self.findings if each.rejected}

    def rejects(self, resource: Resource) -> bool:
        """True if Istio or the API server rejects an object."""
        return (resource.origin.document.kind, resource.namespace, resource.name) in self.rejected

    @cached_property
    def written(self) -> Written:
        """The objects of the config cluster as written, including rejected ones."""
        return Written.of((*self._objects(), *self.rejected_objects, *self.malformed_objects))

    @cached_property
    def workloads(self) -> WorkloadLabels:
        """The labels of Pods and WorkloadEntries, indexed for selectors."""
        pods = (pod for cluster in self.snapshot.workloads.clusters.values() for pod in cluster.pods.values())
        entries = self.snapshot.workloads.entries
        return WorkloadLabels(
            (
                *((pod.namespace, pod.metadata.labels) for pod in pods),
                *((entry.namespace, {**entry.metadata.labels, **entry.spec.labels}) for entry in entries),
            )
        )

    def pods_of(self, namespace: str) -> tuple[Pod, ...]:
        """The Pods of a namespace in all clusters."""
        return self._pods_by_namespace.get(namespace, ())

    @cached_property
    def _pods_by_namespace(self) -> Mapping[str, tuple[Pod, ...]]:
        found: dict[str, list[Pod]] = defaultdict(list)
        for cluster in self.snapshot.workloads.clusters.values():
            for pod in cluster.pods.values():
                found[pod.namespace].append(pod)
        return {namespace: tuple(pods) for namespace, pods in found.items()}

    @cached_property
    def pods(self) -> Pods:
        """The Pods of all clusters, indexed for selectors, with the Services that lead to them."""
        clusters = (self.resources, *self.resources.clusters.values())
        return Pods(
            tuple(pod for cluster in self.snapshot.workloads.clusters.values() for pod in cluster.pods.values()),
            tuple(service for cluster in clusters for service in cluster.all(KubernetesService)),
        )

    @cached_property
    def routers(self) -> tuple[ProxyFacts, ...]:
        """The gateways, one for each set of Pods that look alike."""
        return tuple(proxy_facts(self.snapshot, router) for router in routers(self.snapshot))

    @cached_property
    def route_names(self) -> frozenset[str]:
        """The names of the route configurations of gateways."""
        return frozenset(name for facts in self.routers for name in facts.gateway.by_route_name)

    def serves_gateway(self, pod: Pod) -> bool:
        """True if a Gateway selects a Pod."""
        return any(selects(selector, pod.metadata.labels) for selector in self._gateway_selectors)

    @cached_property
    def _gateway_selectors(self) -> tuple[Labels, ...]:
        found = {tuple(sorted(each.spec.selector.items())) for each in self.gateways.values() if each.spec.selector}
        return tuple(dict(selector) for selector in sorted(found))

    @cached_property
    def workload_namespaces(self) -> frozenset[str]:
        """The namespaces with workloads."""
        return frozenset(namespace for namespace, _ in self.workloads.all)

    @cached_property
    def of_workloads(self) -> Severity:
        """The severity of a missing workload. It is lower if the input has no workloads at all."""
        return Severity.ERROR if self.workloads.all else Severity.WARNING

    @cached_property
    def of_hosts(self) -> Severity:
        """The severity of a missing host. It is lower if the input has no services at all."""
        return Severity.ERROR if self.snapshot.services.all else Severity.WARNING

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """The namespaces of the mesh: those that are defined, and those of objects."""
        return frozenset(
            {resource.namespace for resource in self._objects() if resource.namespace}
            | {namespace.name for namespace in self.resources.all(Namespace)}
        )

    @cached_property
    def assumes_ingress_gateway(self) -> bool:
        """True if the input lacks Istio's own ingress gateway, which is common. The checks then assume that it
        exists.
        """
        return not self.workloads.has(INGRESS_GATEWAY_LABELS)

    def assumes(self, host: str) -> bool:
        """True for the full host of a Service that is taken to exist, because few have it in files."""
        return host == API_SERVER_HOST or (self.assumes_ingress_gateway and host == self.ingress_gateway_host)

    @cached_property
    def ingress_gateway_host(self) -> str:
        """The host of the Service of Istio's own ingress gateway."""
        mesh = self.snapshot.mesh
        return qualified(mesh.ingress_service or "istio-ingressgateway", mesh.root_namespace)

    @cached_property
    def gateways(self) -> Mapping[str, Gateway]:
        """The Gateways by `namespace/name`, including rejected ones."""
        return {gateway.full_name: gateway for gateway in self.written.all(Gateway)}

    def gateways_of(self, virtual_service: VirtualService) -> tuple[Gateway, ...]:
        """The Gateways that a VirtualService is bound to, without those that do not exist."""
        names = (qualified_gateway(written, virtual_service.namespace) for written in virtual_service.spec.gateways)
        return tuple(self.gateways[name] for name in names if name in self.gateways)

    def winner(self, client: str, host: str) -> tuple[str, str] | None:
        """The namespace and name of the VirtualService from which sidecars of a namespace take the routes of a host."""
        if client not in self._winners:
            seen = self.snapshot.virtual_services.for_gateway(client, MESH_GATEWAY)
            self._winners[client] = {h: (each.namespace, each.name) for each in reversed(seen) for h in each.hosts}
        return self._winners[client].get(host)

    @cached_property
    def _winners(self) -> dict[str, Mapping[str, tuple[str, str]]]:
        """The winner of each host, by the namespace of clients. It is filled as namespaces are asked for."""
        return {}

    def bound_to(self, gateway: Gateway) -> tuple[VirtualService, ...]:
        """The VirtualServices that name a Gateway."""
        return self._bound.get(gateway.full_name, ())

    @cached_property
    def _bound(self) -> Mapping[str, tuple[VirtualService, ...]]:
        found: dict[str, list[VirtualService]] = defaultdict(list)
        for virtual_service in self.resources.all(VirtualService):
            for gateway in self.gateways_of(virtual_service):
                found[gateway.full_name].append(virtual_service)
        return {name: tuple(group) for name, group in found.items()}

    def namespaces_of(self, gateway: Gateway) -> frozenset[str]:
        """The namespaces of the workloads that a Gateway selects, with that of an ingress gateway that is assumed."""
        return self._namespaces_by_gateway[gateway.full_name]

    @cached_property
    def _namespaces_by_gateway(self) -> Mapping[str, frozenset[str]]:
        return {name: frozenset(self._workload_namespaces(gateway)) for name, gateway in self.gateways.items()}

    def _workload_namespaces(self, gateway: Gateway) -> Iterator[str]:
        yield from (namespace for namespace, _ in self.workloads.selected(gateway.spec.selector))
        if self.assumes_ingress_gateway and selects(gateway.spec.selector, INGRESS_GATEWAY_LABELS):
            yield self.snapshot.mesh.root_namespace

    @cached_property
    def credentials(self) -> frozenset[str]:
        """The full names of the Secrets that Gateways name, each in every namespace of a Gateway's workloads."""
        return frozenset(
            name if "/" in name else f"{namespace}/{name}"
            for gateway in self.gateways.values()
            for name in (server.tls.credential_name for server in gateway.spec.servers if server.tls is not None)
            for namespace in self.namespaces_of(gateway)
            if name
        )

    @cached_property
    def neighbours(self) -> Neighbours:
        """The VirtualServices that route a host together at a gateway."""
        return neighbours(self.snapshot.virtual_services.all)

    @cached_property
    def rules_by_host(self) -> Mapping[str, tuple[DestinationRule, ...]]:
        """The DestinationRules by full host, including wildcards and rejected ones."""
        found: dict[str, list[DestinationRule]] = defaultdict(list)
        for rule in self.written.all(DestinationRule):
            found[qualified(rule.spec.host, rule.namespace)].append(rule)
        return {host: tuple(rules) for host, rules in found.items()}

    def rules_for(self, host: str) -> Iterator[DestinationRule]:
        """The DestinationRules for a full host. Those for wildcards that cover it come last."""
        return (rule for name in self._rule_hosts.covering(host) for rule in self.rules_by_host[name])

    @cached_property
    def _rule_hosts(self) -> HostNames:
        return HostNames.of(self.rules_by_host)

    def services_of(self, host: str) -> Iterator[Service]:
        """The services of a full host, regardless of visibility. Those of wildcards that cover it come last."""
        known = self.snapshot.services.by_hostname
        return (service for name in self._service_hosts.covering(host) for service in known[name].values())

    @cached_property
    def _service_hosts(self) -> HostNames:
        return HostNames.of(self.snapshot.services.by_hostname)

    def services_for(self, host: str) -> tuple[Service, ...]:
        """The services that the full host of a rule matches, which may be a wildcard."""
        if is_wildcard(host):
            return self._services_by_wildcard.get(host, ())
        return tuple(self.snapshot.services.by_hostname.get(host, {}).values())

    @cached_property
    def _services_by_wildcard(self) -> Mapping[str, tuple[Service, ...]]:
        """The services by the wildcards of DestinationRules."""
        wildcards = HostNames.of(filter(is_wildcard, self.rules_by_host))
        found: dict[str, list[Service]] = defaultdict(list)
        for hostname, services in self.snapshot.services.by_hostname.items():
            for host in wildcards.covering(hostname):
                found[host].extend(services.values())
        return {host: tuple(services) for host, services in found.items()}

    def is_host_of_rejected(self, host: str) -> bool:
        """True if a ServiceEntry that Istio rejects has the full host, or a wildcard that covers it."""
        return any(True for _ in self._rejected_hosts.covering(host))

    @cached_property
    def _rejected_hosts(self) -> HostNames:
        return HostNames.of(
            qualified(host, entry.namespace)
            for entry in (*self.rejected_objects, *self.malformed_objects)
            if isinstance(entry, ServiceEntry)
            for host in entry.spec.hosts
        )

    @cached_property
    def services_by_name(self) -> Mapping[str, tuple[Service, ...]]:
        """The services by the first label of their host."""
        found: dict[str, list[Service]] = defaultdict(list)
        for service in self.snapshot.services.all:
            found[service.hostname.partition(".")[0]].append(service)
        return {name: tuple(services) for name, services in found.items()}

    @cached_property
    def hosts_by_namespace(self) -> Mapping[str, tuple[str, ...]]:
        """The hosts of services, by namespace."""
        found: dict[str, list[str]] = defaultdict(list)
        for service in self.snapshot.services.all:
            found[service.namespace].append(service.hostname)
        return {namespace: tuple(hosts) for namespace, hosts in found.items()}

    @cached_property
    def hosts(self) -> frozenset[str]:
        """The hosts of all services."""
        return frozenset(self.snapshot.services.by_hostname)

    @cached_property
    def short_names(self) -> Mapping[str, frozenset[str]]:
        """The first labels of the hosts of services, by namespace."""
        return {
            namespace: frozenset(host.partition(".")[0] for host in hosts)
            for namespace, hosts in self.hosts_by_namespace.items()
        }

    def suppresses(self, finding: Diagnostic) -> bool:
        """True if an annotation of the finding's object suppresses the finding."""
        return not self._suppressed.get((finding.kind, finding.namespace, finding.name), frozenset()).isdisjoint(
            (finding.code, "*")
        )

    @cached_property
    def _suppressed(self) -> Mapping[ObjectKey, frozenset[str]]:
        return {
            (resource.kind, resource.namespace, resource.name): frozenset(map(str.strip, codes.split(",")))
            for resource in self._objects()
            if (codes := resource.metadata.annotations.get(SUPPRESS_ANNOTATION))
        }

    def _objects(self) -> Iterable[Resource]:
        return (resource for group in self.resources.by_kind.values() for resource in group)
