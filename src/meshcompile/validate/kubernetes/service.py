"""Rules on Services: `ValidateService` of the API server."""

from collections.abc import Mapping, Sequence

from meshcompile.codes import kubernetes as codes
from meshcompile.codes import validation
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.kubernetes.service import HEADLESS, Service, ServicePort, ServiceSpec
from meshcompile.validate.kubernetes.common import (
    choice,
    names_required,
    number_in_range,
    number_or_name,
    protocol,
    repeated,
    required,
    unique,
)
from meshcompile.validate.metadata import labels
from meshcompile.validate.names import is_address
from meshcompile.validate.object_names import DNS_LABEL, DNS_SUBDOMAIN, Found, name

CHOICES: Mapping[str, tuple[str, ...]] = {
    "type": ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
    "session_affinity": ("None", "ClientIP"),
    "internal_traffic_policy": ("Cluster", "Local"),
    "external_traffic_policy": ("Cluster", "Local"),
    "ip_family_policy": ("SingleStack", "PreferDualStack", "RequireDualStack"),
}
ON_NODES = frozenset({"NodePort", "LoadBalancer"})


def violations(service: Service) -> Found:
    """Findings about a Service, including what only recent releases of the API server accept."""
    spec = service.spec
    if service.name[:1].isdigit():
        yield codes.SERVICE_NAME(service.metadata.at("name"))
    yield from [finding for field, choices in CHOICES.items() for finding in choice(spec, field, choices)]
    yield from labels(spec, "selector")
    yield from addresses(spec)
    yield from ports(spec)
    if spec.type == "ExternalName":
        yield from external_name(spec)


def external_name(spec: ServiceSpec) -> Found:
    """An external name that is missing or invalid. A trailing dot is allowed."""
    yield from required(spec, "external_name", ", which a Service of type ExternalName needs")
    if not spec.external_name.endswith("."):
        yield from name(spec, "external_name", DNS_SUBDOMAIN)


def addresses(spec: ServiceSpec) -> Found:
    """Addresses that are invalid, or that the type of the Service excludes."""
    if spec.cluster_ip and spec.cluster_ip != HEADLESS and not is_address(spec.cluster_ip):
        expected = f"an IP address or `{HEADLESS}`"
        yield validation.ADDRESS(spec.at("cluster_ip"), value=spec.cluster_ip, expected=expected)
    if (spec.type in ON_NODES and spec.cluster_ip == HEADLESS) or (spec.type == "ExternalName" and spec.cluster_ip):
        place = spec.at("cluster_ip")
        yield codes.CLUSTER_IP(place, field=place.field, value=spec.cluster_ip, type=spec.type)
    for index, address in enumerate(spec.external_ips):
        if not is_address(address):
            yield validation.ADDRESS(spec.at("external_ips", index), value=address, expected="an IP address")


def ports(spec: ServiceSpec) -> Found:
    """Ports that are missing, invalid or duplicate."""
    if spec.cluster_ip != HEADLESS and spec.type != "ExternalName":
        yield from required(spec, "ports", ": only headless Services and ExternalNames can omit it")
    yield from names_required(spec.ports)
    yield from unique(spec.ports, "name", "port")
    for port in repeated(spec.ports, "port", "protocol"):
        yield validation.DUPLICATE(port, what="port", value=f"{port.port}/{port.protocol}")
    yield from [finding for port in spec.ports for finding in service_port(port, spec.type)]


def service_port(port: ServicePort, type: str) -> Sequence[Diagnostic]:
    """Findings about one port of a Service of this type."""
    return (
        *name(port, "name", DNS_LABEL),
        *number_in_range(port, "port"),
        *protocol(port),
        *number_or_name(port, "target_port"),
        *(node_port(port, type) if port.node_port else ()),
    )


def node_port(port: ServicePort, type: str) -> Found:
    """A port on every node, for a Service of a type without."""
    if type == "ClusterIP":
        place = port.at("node_port")
        yield codes.NODE_PORT(place, field=place.field, type=type)
