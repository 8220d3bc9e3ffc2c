"""Which traffic is redirected to the proxy: annotations, else values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meshcompile.inject.input import TemplateInput
from meshcompile.inject.parts import setting
from meshcompile.inject.printed import in_double_quotes

INCLUDE_OUTBOUND_IP_RANGES = "traffic.sidecar.istio.io/includeOutboundIPRanges"
EXCLUDE_OUTBOUND_IP_RANGES = "traffic.sidecar.istio.io/excludeOutboundIPRanges"
INCLUDE_INBOUND_PORTS = "traffic.sidecar.istio.io/includeInboundPorts"
EXCLUDE_INBOUND_PORTS = "traffic.sidecar.istio.io/excludeInboundPorts"
INCLUDE_OUTBOUND_PORTS = "traffic.sidecar.istio.io/includeOutboundPorts"
EXCLUDE_OUTBOUND_PORTS = "traffic.sidecar.istio.io/excludeOutboundPorts"
KUBEVIRT_INTERFACES = "traffic.sidecar.istio.io/kubevirtInterfaces"
REROUTE_INTERFACES = "istio.io/reroute-virtual-interfaces"
EXCLUDE_INTERFACES = "traffic.sidecar.istio.io/excludeInterfaces"

ALWAYS_EXCLUDED = "15090,15021"
"""Inbound ports of the proxy itself."""


def included_ranges(given: TemplateInput) -> str:
    return setting(given, INCLUDE_OUTBOUND_IP_RANGES, given.values.proxy.include_ip_ranges)


def excluded_ranges(given: TemplateInput) -> str:
    return setting(given, EXCLUDE_OUTBOUND_IP_RANGES, given.values.proxy.exclude_ip_ranges)


def included_inbound(given: TemplateInput) -> str:
    return setting(given, INCLUDE_INBOUND_PORTS, given.values.proxy.include_inbound_ports)


def excluded_inbound(given: TemplateInput) -> str:
    """The excluded inbound ports, with the status port after them."""
    listed = given.annotation(EXCLUDE_INBOUND_PORTS, given.values.proxy.exclude_inbound_ports)
    return in_double_quotes(with_port(given.status_port.strip(), listed))


def with_port(port: str, listed: str) -> str:
    """A list of ports with one more, unless it is in it, or is no port."""
    if port in ("", "0") or port in listed.split(","):
        return listed
    return ",".join([*(each.strip() for each in listed.split(",") if each.strip()), port])


def outbound_ports(given: TemplateInput) -> Iterator[tuple[str, str]]:
    """The annotations for included and excluded outbound ports, if they or their values are set."""
    proxy = given.values.proxy
    for name, value in (
        (INCLUDE_OUTBOUND_PORTS, proxy.include_outbound_ports),
        (EXCLUDE_OUTBOUND_PORTS, proxy.exclude_outbound_ports),
    ):
        if name in given.annotations or value not in (None, ""):
            yield name, setting(given, name, value)


def interfaces(given: TemplateInput, name: str) -> str:
    return in_double_quotes(given.annotations[name])


def iptables_arguments(given: TemplateInput) -> Iterator[str]:
    """The arguments that say which traffic is redirected."""
    yield from ("-i", included_ranges(given), "-x", excluded_ranges(given), "-b", included_inbound(given))
    excluded = excluded_inbound(given)
    yield from ("-d", f"{ALWAYS_EXCLUDED},{excluded}" if excluded else ALWAYS_EXCLUDED)
    for name, ports in outbound_ports(given):
        yield from (_FLAGS[name], ports)
    for name in (REROUTE_INTERFACES, KUBEVIRT_INTERFACES):
        if name in given.annotations:
            yield from ("-k", interfaces(given, name))
            break
    if EXCLUDE_INTERFACES in given.annotations:
        yield from ("-c", interfaces(given, EXCLUDE_INTERFACES))


_FLAGS: Mapping[str, str] = {INCLUDE_OUTBOUND_PORTS: "-q", EXCLUDE_OUTBOUND_PORTS: "-o"}


def cni_annotations(given: TemplateInput) -> Iterator[tuple[str, str]]:
    """The annotations that tell the CNI plugin which traffic it redirects."""
    for name, value in (
        (INCLUDE_OUTBOUND_IP_RANGES, included_ranges(given)),
        (EXCLUDE_OUTBOUND_IP_RANGES, excluded_ranges(given)),
    ):
        if value:
            yield name, value
    yield INCLUDE_INBOUND_PORTS, included_inbound(given)
    yield EXCLUDE_INBOUND_PORTS, excluded_inbound(given)
    yield from outbound_ports(given)
    for name in (KUBEVIRT_INTERFACES, REROUTE_INTERFACES, EXCLUDE_INTERFACES):
        if given.annotations.get(name):
            yield name, interfaces(given, name)
