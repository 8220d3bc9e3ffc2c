"""The reason why a proxy lacks a cluster."""

from collections.abc import Iterator

from msgspec import Struct

from meshcompile.diagnostics import Related
from meshcompile.models.networking.destination_rule import DestinationRule
from meshcompile.proxy import Proxy
from meshcompile.snapshot.entry_endpoints import BY_DNS
from meshcompile.snapshot.exports import is_visible
from meshcompile.snapshot.service import Resolution, Service
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.hosts import covering, qualified
from meshcompile.values.names import ZERO_WEIGHT_HOST, ZERO_WEIGHT_SUBSET, ClusterName, parse_cluster_name


class Reason(Struct, frozen=True):
    """The reason why a cluster does not exist, a suggestion, and the related objects."""

    text: str
    suggestion: str = ""
    related: tuple[Related, ...] = ()


def reason(snapshot: Snapshot, proxy: Proxy, cluster: str) -> Reason:
    """The reason why a proxy has no cluster of this name: the first missing precondition."""
    name = parse_cluster_name(cluster)
    if name is None:
        return Reason("no object creates a cluster with that name")
    if (name.host, name.subset) == (ZERO_WEIGHT_HOST, ZERO_WEIGHT_SUBSET):
        return Reason("all weights of the rule are 0")
    services = tuple(snapshot.services.by_hostname.get(name.host, {}).values())
    visible = tuple(service for service in services if is_visible(service.export_to, (proxy.namespace,)))
    if not services:
        return _without_service(snapshot, name)
    if not visible:
        hidden = (Related(f"exported to {', '.join(sorted(s.export_to))}", s.origin) for s in services)
        return Reason(f"{name.host} is not exported to namespace {proxy.namespace}", related=tuple(hidden))
    if visible[0].resolution is Resolution.ALIAS:
        return _alias(visible[0])
    if not any(service.port(name.port) for service in visible):
        return _without_port(name, visible[0])
    if visible[0].resolution in BY_DNS and visible[0].selector and not snapshot.endpoints.of(visible[0]):
        return Reason(f"{name.host} is resolved by DNS, and its workloadSelector selects nothing")
    return _without_subset(snapshot, proxy, name) if name.subset else _not_imported(proxy, name, visible[0])


def _alias(service: Service) -> Reason:
    ports = ", ".join(str(port.number) for port in service.ports) or "none"
    text = f"{service.hostname} is another name of {service.external_name} on the ports that it declares ({ports}) only"
    related = (Related("its ports are declared here", service.origin),)
    return Reason(text, f"route to {service.external_name} instead", related)


def _without_service(snapshot: Snapshot, name: ClusterName) -> Reason:
    known = snapshot.services.by_hostname
    aliases = (s for s in snapshot.services.all if s.external_name == name.host)
    related = tuple(Related("this Service stands for it", alias.origin) for alias in aliases)
    wildcard = next((host for host in covering(name.host) if host in known), None)
    if wildcard is not None:
        text = f"only {wildcard} has the host {name.host}, and a wildcard makes one cluster of its own name"
        return Reason(text, f"write a ServiceEntry for {name.host}", related)
    return Reason(f"no Service or ServiceEntry has the host {name.host}", related=related)


def _without_port(name: ClusterName, service: Service) -> Reason:
    ports = ", ".join(str(port.number) for port in service.ports)
    suggestion = f"name one of its ports in the destination: {ports}" if ports else "declare the port"
    related = (Related("its ports are declared here", service.origin),)
    return Reason(f"{name.host} has no port {name.port}", suggestion, related)


def _without_subset(snapshot: Snapshot, proxy: Proxy, name: ClusterName) -> Reason:
    defining = tuple(rule for rule in _rules(snapshot, name.host) if _defines(rule, name.subset))
    if not defining:
        return Reason(f"no DestinationRule defines subset {name.subset} of {name.host}")
    related = tuple(Related("it is defined here", rule.origin) for rule in defining)
    text = f"clients in namespace {proxy.namespace} do not use the DestinationRule that defines subset {name.subset}"
    suggestion = "a client uses the rule of its own namespace, else that of the service's, else that of the root's"
    return Reason(text, suggestion, related)


def _rules(snapshot: Snapshot, host: str) -> Iterator[DestinationRule]:
    """The DestinationRules for a host, for any client."""
    hosts = frozenset(covering(host))
    return (rule for rule in snapshot.destination_rules.all if qualified(rule.spec.host, rule.namespace) in hosts)


def _defines(rule: DestinationRule, subset: str) -> bool:
    return any(each.name == subset for each in rule.spec.subsets)


def _not_imported(proxy: Proxy, name: ClusterName, service: Service) -> Reason:
    text = f"proxies in namespace {proxy.namespace} are not sent {name.host}"
    suggestion = "a Sidecar's `egress.hosts` may leave it out, or nothing may be known that answers for it"
    return Reason(text, suggestion, (Related("the service", service.origin),))
