"""The instances of the Services that serve a Gateway. Follows istiod's `ResolveGatewayInstances`."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from meshcompile.documents import NOWHERE, Origin
from meshcompile.models.kubernetes.service import Service as KubernetesService
from meshcompile.snapshot.kubernetes_services import service_hostname
from meshcompile.snapshot.networks import load_balancer_addresses
from meshcompile.snapshot.resources import ConfigStore
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.labels import MANAGED


class ServingWarning(Struct, frozen=True):
    """Why an address of a Gateway does not serve one of its ports. It is `usable` if it may do so later."""

    text: str
    usable: bool
    origin: Origin = NOWHERE


class Serving(Struct, frozen=True):
    """What serves a Gateway, each part sorted.

    `internal` are `host:port`. `pending` are the hosts of load balancers without an address.
    """

    internal: tuple[str, ...]
    internal_addresses: tuple[str, ...]
    external: tuple[str, ...]
    pending: tuple[str, ...]
    warnings: tuple[ServingWarning, ...]


class Balancers(Struct, frozen=True):
    """The external addresses of Services, and the Services of type LoadBalancer, by host."""

    addresses: Mapping[str, tuple[str, ...]]
    hosts: frozenset[str]

    @classmethod
    def of(cls, resources: ConfigStore) -> "Balancers":
        """Those of all clusters. The first cluster that has a Service says what type it is."""
        first: dict[str, KubernetesService] = {}
        addresses: dict[str, tuple[str, ...]] = {}
        for store in (resources, *(each for _, each in sorted(resources.clusters.items()))):
            for service in store.all(KubernetesService):
                host = service_hostname(service.name, service.namespace)
                first.setdefault(host, service)
                addresses[host] = (*addresses.get(host, ()), *load_balancer_addresses(service))
        return cls(addresses, frozenset(host for host, each in first.items() if each.spec.type == "LoadBalancer"))


class Ports(Struct, frozen=True):
    """The ports of a Gateway's listeners, each with its place."""

    places: Mapping[int, Origin]
    address: Origin


class InstanceResolver(Struct, frozen=True):
    """Finds the instances that serve Gateways."""

    snapshot: Snapshot
    balancers: Balancers

    def serving(self, namespace: str, hosts: Iterable[str], ports: Ports) -> Serving:
        """The instances of the Services of some hosts in a namespace."""
        known = {host: self.snapshot.services.by_hostname.get(host, {}) for host in hosts}
        found = {host: by_namespace[namespace] for host, by_namespace in known.items() if namespace in by_namespace}
        served = [host for host, service in found.items() if self._served_ports(service, ports)]
        external = {host: self.balancers.addresses.get(host, ()) for host in served}
        pending = [host for host in served if not external[host] and host in self.balancers.hosts]
        warnings = [
            *(_missing(host, namespace, known[host], ports.address) for host in known if host not in found),
            *(
                ServingWarning(f'address pending for hostname "{host}"', usable=True, origin=ports.address)
                for host in pending
            ),
            *(warning for host, service in found.items() for warning in self._unserved(host, service, ports)),
        ]
        return Serving(
            internal=_sorted(f"{host}:{port}" for host in served for port in self._served_ports(found[host], ports)),
            internal_addresses=_sorted(address for host in served for address in self._addresses(found[host])),
            external=_sorted(address for addresses in external.values() for address in addresses),
            pending=_sorted(pending),
            warnings=tuple(sorted(warnings, key=lambda each: each.text)),
        )

    def _served_ports(self, service: Service, ports: Ports) -> list[int]:
        return [port for port in ports.places if self.snapshot.endpoints.numbered(service, port)]

    def _addresses(self, service: Service) -> tuple[str, ...]:
        return service.addresses.get(self.snapshot.cluster) or (service.address,)

    def _unserved(self, host: str, service: Service, ports: Ports) -> Iterator[ServingWarning]:
        """A warning for each port without instances."""
        for port, place in ports.places.items():
            if self.snapshot.endpoints.numbered(service, port):
                continue
            if not self.snapshot.endpoints.of(service):
                yield ServingWarning(f'no instances found for hostname "{host}"', usable=True, origin=ports.address)
                continue
            hints = self._service_ports(service, port)
            if hints:
                yield ServingWarning(f'port {port} not found for hostname "{host}" ({_hint(hints)})', False, place)
            elif MANAGED not in service.labels or service.port(port) is None:
                yield ServingWarning(f'port {port} not found for hostname "{host}"', False, place)

    def _service_ports(self, service: Service, target: int) -> list[str]:
        """The ports of a service whose instances listen on a port."""
        numbers = [port.number for port in service.ports]
        return sorted(
            {str(n) for n in numbers if any(e.port == target for e in self.snapshot.endpoints.numbered(service, n))}
        )


def _hint(ports: Iterable[str]) -> str:
    return (
        "hint: the service port should be specified, not the workload port. "
        f"Did you mean one of these ports: [{' '.join(ports)}]?"
    )


def _missing(host: str, namespace: str, elsewhere: Iterable[str], place: Origin) -> ServingWarning:
    """Why a host does not count in a namespace."""
    others = ", ".join(sorted(f'"{each}"' for each in elsewhere))
    if not others:
        return ServingWarning(f'hostname "{host}" not found', usable=False, origin=place)
    text = f'hostname "{host}" not found in namespace "{namespace}", but it was found in namespace(s) {others}'
    return ServingWarning(text, usable=False, origin=place)


def _sorted(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(texts)))
