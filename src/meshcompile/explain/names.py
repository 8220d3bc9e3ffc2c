"""Where a name leads, as a Pod resolves it: to a Service, to Pods of a headless one, to a host outside, or nowhere."""

from collections.abc import Iterator
from difflib import get_close_matches
from ipaddress import ip_address

from msgspec import Struct

from meshcompile.explain.request import Given
from meshcompile.snapshot.service import UNSPECIFIED_ADDRESS, Registry, Resolution, Service
from meshcompile.snapshot.snapshot import Snapshot

ELSEWHERE = "198.51.100.7"
"""Stands for the address of a host outside, which only DNS knows."""


class Destination(Struct, frozen=True):
    """What a sender connects to: an address, the service that has it, or a host outside of the mesh.

    `address` is "" for a name that DNS does not know.
    """

    host: str
    address: str
    service: Service | None = None

    @property
    def is_outside(self) -> bool:
        return self.service is None or self.service.registry is Registry.EXTERNAL


def destination(snapshot: Snapshot, host: str, namespace: str, given: Given) -> Destination:
    """Where a name leads for a Pod of a namespace."""
    if _is_address(host):
        return Destination(host, host, _service_at(snapshot, host))
    for name in (host, *_searched(host, namespace, _domain(snapshot))):
        if (service := _service(snapshot, name)) is not None:
            if service.resolution is Resolution.ALIAS:  # a CNAME
                return destination(snapshot, service.external_name, namespace, given)
            return Destination(name, _address(snapshot, service), service)
    if "." not in host or (host.endswith(f".svc.{_domain(snapshot)}") and host not in given.externals):
        return Destination(host, "")
    return Destination(host, ELSEWHERE)


def unknown_name(snapshot: Snapshot, host: str) -> str:
    """That DNS does not know a name, with the most similar Service."""
    names = {f"{each.name}.{each.namespace}" for each in snapshot.services.all}
    shorts = {name.partition(".")[0]: name for name in sorted(names)}
    known = shorts if "." not in host else {name: name for name in names}
    close = get_close_matches(host, known, n=1)
    hint = f" (did you mean {known[close[0]]}?)" if close else ""
    return f"DNS knows no name {host}{hint}"


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _domain(snapshot: Snapshot) -> str:
    hosts = (service.hostname for service in snapshot.services.all if service.registry is Registry.KUBERNETES)
    return next((host.partition(".svc.")[2] for host in hosts), "cluster.local")


def _searched(host: str, namespace: str, domain: str) -> Iterator[str]:
    """The names that a Pod's resolver tries."""
    yield f"{host}.{namespace}.svc.{domain}"
    yield f"{host}.svc.{domain}"
    yield f"{host}.{domain}"


def _service(snapshot: Snapshot, name: str) -> Service | None:
    """The service with a host: a Kubernetes Service before a ServiceEntry."""
    found = snapshot.services.by_hostname.get(name, {})
    return next(iter(sorted(found.values(), key=lambda each: each.registry is not Registry.KUBERNETES)), None)


def _service_at(snapshot: Snapshot, address: str) -> Service | None:
    return next((service for service in snapshot.services.all if address == service.address), None)


def _address(snapshot: Snapshot, service: Service) -> str:
    """The address that DNS gives: that of the Service, or of an endpoint of a headless one."""
    if service.address != UNSPECIFIED_ADDRESS and "/" not in service.address:
        return service.address
    if service.registry is Registry.EXTERNAL:
        return ELSEWHERE
    endpoints = snapshot.endpoints.of(service)
    return endpoints[0].address if endpoints else ""
