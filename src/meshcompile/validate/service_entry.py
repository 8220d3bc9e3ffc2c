"""Rules of ServiceEntries: istiod's `ValidateServiceEntry`, and the schema's."""

from collections.abc import Iterable, Set

from meshcompile.codes import validation as codes
from meshcompile.models.networking.service_entry import Location, Resolution, ServiceEntry, ServiceEntrySpec
from meshcompile.validate import checks
from meshcompile.validate.checks import Found
from meshcompile.validate.names import (
    fqdn_problem,
    is_address,
    is_address_or_range,
    partial_wildcard,
    wildcard_problem,
)
from meshcompile.validate.workload_entry import has_address, schema, undefined_ports, workload_entry
from meshcompile.values.ports import Protocol, protocol_named

FORWARDED = (Protocol.HTTP, Protocol.TLS, Protocol.GRPC, Protocol.HTTP2)
"""Protocols for which Envoy can resolve the host of each request."""


def violations(entry: ServiceEntry) -> Found:
    """Findings about a ServiceEntry."""
    spec = entry.spec
    yield from checks.selector(spec.workload_selector)
    yield from checks.exclusive(spec, "workload_selector", "endpoints")
    yield from _hosts(spec)
    yield from _addresses(spec)
    yield from _ports(entry)
    for endpoint in spec.endpoints:
        yield from schema(endpoint)
    yield from _RESOLUTIONS[spec.resolution](entry, {port.name for port in spec.ports})
    yield from _many_hosts(spec)
    yield from checks.export_to(spec, entry.namespace, to_nobody=True)


def _hosts(spec: ServiceEntrySpec) -> Found:
    for index, host in enumerate(spec.hosts):
        if problem := _host_problem(host):
            yield codes.HOST(spec.at("hosts", index), host=host, problem=problem)
        if partial_wildcard(host) and spec.resolution is not Resolution.DYNAMIC_DNS:
            problem = f"`*` should only replace whole labels of host `{host}`"
            yield codes.SERVICE_ENTRY_DOUBT(spec.at("hosts", index), problem=problem)


def _host_problem(host: str) -> str | None:
    return "it matches all hosts" if host == "*" else wildcard_problem(host)


def _addresses(spec: ServiceEntrySpec) -> Found:
    for index, address in enumerate(spec.addresses):
        if not is_address_or_range(address):
            origin = spec.at("addresses", index)
            yield codes.ADDRESS(origin, value=address, expected="an IP address or a CIDR range")
        if "/" in address and spec.resolution not in (Resolution.NONE, Resolution.STATIC):
            problem = f"address ranges need resolution NONE or STATIC, not {spec.resolution}"
            yield codes.RESOLUTION(spec.at("addresses", index), problem=problem)


def _ports(entry: ServiceEntry) -> Found:
    spec = entry.spec
    names: set[str] = set()
    numbers: set[int] = set()
    addressed = bool(spec.addresses) or _gets_address(entry)
    for port in spec.ports:
        if port.name in names:
            yield codes.DUPLICATE(port.at("name"), what="port name", value=port.name)
        if port.number in numbers:
            yield codes.DUPLICATE(port.at("number"), what="port", value=port.number)
        names.add(port.name)
        numbers.add(port.number)
        yield from checks.label_name(port, "name", "the name of a port")
        yield from checks.protocol(port)
        if port.protocol in ("", "TCP") and not addressed:
            problem = f"port {port.number} is TCP, but there are no addresses to tell connections apart"
            yield codes.SERVICE_ENTRY_DOUBT(port, problem=problem)


def _gets_address(entry: ServiceEntry) -> bool:
    """Whether istiod allocates addresses for the entry."""
    opted_out = entry.metadata.labels.get("networking.istio.io/enable-autoallocate-ip", "").lower() == "false"
    return entry.spec.resolution is not Resolution.NONE and not opted_out


def _none(entry: ServiceEntry, _: Set[str]) -> Found:
    if checks.is_written(entry.spec, "endpoints"):
        yield codes.RESOLUTION(entry.spec.at("endpoints"), problem="resolution NONE accepts no `endpoints`")
    if entry.spec.workload_selector is not None:
        problem = "`workloadSelector` has no effect with resolution NONE"
        yield codes.SERVICE_ENTRY_DOUBT(entry.spec.workload_selector, problem=problem)
    for endpoint in entry.spec.endpoints:
        yield from has_address(endpoint)


def _static(entry: ServiceEntry, ports: Set[str]) -> Found:
    for endpoint in entry.spec.endpoints:
        yield from workload_entry(endpoint, ports, names_allowed=False)


def _by_name(entry: ServiceEntry, ports: Set[str]) -> Found:
    spec = entry.spec
    if not spec.endpoints:
        for index, host in enumerate(spec.hosts):
            if not _host_problem(host) and (problem := fqdn_problem(host)):
                what = f"without endpoints, resolution {spec.resolution} needs domain names as hosts: {problem}"
                yield codes.RESOLUTION(spec.at("hosts", index), problem=what)
    if spec.resolution is Resolution.DNS_ROUND_ROBIN and len(spec.endpoints) > 1:
        yield codes.RESOLUTION(
            spec.at("endpoints", 1), problem="resolution DNS_ROUND_ROBIN accepts at most one endpoint"
        )
    for endpoint in spec.endpoints:
        yield from has_address(endpoint)
        if fqdn_problem(endpoint.address) and not is_address(endpoint.address):
            problem = f"`{endpoint.address}` is neither an IP address nor a domain name"
            yield codes.ENDPOINT(endpoint.at("address"), problem=problem)
        yield from checks.labels(endpoint, "labels")
        yield from undefined_ports(endpoint, ports)
    if spec.addresses and len(spec.hosts) > 1 and any(protocol.is_tcp for protocol in _protocols(spec)):
        problem = "several hosts with addresses and a TCP port cannot be told apart"
        yield codes.SERVICE_ENTRY_DOUBT(spec.at("hosts"), problem=problem)


def _dynamic(entry: ServiceEntry, _: Set[str]) -> Found:
    spec = entry.spec
    if not spec.hosts:
        yield codes.RESOLUTION(spec.at("resolution"), problem="resolution DYNAMIC_DNS needs a wildcard host")
    for index, host in enumerate(spec.hosts):
        if not host.startswith("*"):
            yield codes.RESOLUTION(
                spec.at("hosts", index), problem="resolution DYNAMIC_DNS accepts only wildcard hosts"
            )
    for field in ("addresses", "endpoints"):
        if getattr(spec, field):
            yield codes.RESOLUTION(spec.at(field), problem=f"resolution DYNAMIC_DNS accepts no `{field}`")
    for endpoint in spec.endpoints:
        yield from has_address(endpoint)
    for index, protocol in enumerate(_protocols(spec)):
        if protocol not in FORWARDED:
            problem = "resolution DYNAMIC_DNS accepts only ports for HTTP, HTTP2, GRPC and TLS"
            yield codes.RESOLUTION(spec.ports[index].at("protocol"), problem=problem)
    if spec.location is Location.MESH_INTERNAL and _has_waypoint(entry):
        problem = "resolution DYNAMIC_DNS inside the mesh cannot be combined with a waypoint"
        yield codes.RESOLUTION(spec.at("location"), problem=problem)


def _has_waypoint(entry: ServiceEntry) -> bool:
    return entry.metadata.labels.get("istio.io/use-waypoint", "none").lower() not in ("", "none")


def _many_hosts(spec: ServiceEntrySpec) -> Found:
    """Several hosts on a port where the traffic does not name its host."""
    if spec.resolution is Resolution.NONE or len(spec.hosts) < 2:
        return
    for index, protocol in enumerate(_protocols(spec)):
        if not protocol.is_http and not protocol.is_tls:
            problem = "several hosts can only be told apart on ports for HTTP or TLS"
            yield codes.RESOLUTION(spec.ports[index].at("protocol"), problem=problem)


def _protocols(spec: ServiceEntrySpec) -> Iterable[Protocol]:
    return (protocol_named(port.protocol) for port in spec.ports)


_RESOLUTIONS = {
    Resolution.NONE: _none,
    Resolution.STATIC: _static,
    Resolution.DNS: _by_name,
    Resolution.DNS_ROUND_ROBIN: _by_name,
    Resolution.DYNAMIC_DNS: _dynamic,
}
