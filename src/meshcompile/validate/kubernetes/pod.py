"""Rules on Pods and on Pod templates: `ValidatePodSpec` of the API server, for the fields that are modelled."""

from collections.abc import Sequence

from meshcompile.codes import validation as codes
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.kubernetes.pod import Container, ContainerPort, Pod, PodSpec, PodStatus
from meshcompile.validate.kubernetes.common import number_in_range, protocol, required, unique
from meshcompile.validate.object_names import DNS_LABEL, DNS_SUBDOMAIN, PORT_NAME, Found, name
from meshcompile.values.ip import is_ip


def violations(pod: Pod) -> Found:
    """Findings about a Pod."""
    yield from pod_violations(pod.spec)
    yield from status_violations(pod.status)


def status_violations(status: PodStatus) -> Found:
    """Findings about the addresses of a Pod."""
    if status.pod_ip and not is_ip(status.pod_ip):
        yield codes.ADDRESS(status.at("pod_ip"), value=status.pod_ip, expected="an IP address")
    for address in status.pod_ips:
        if not is_ip(address.ip):
            yield codes.ADDRESS(address.at("ip"), value=address.ip, expected="an IP address")


def pod_violations(spec: PodSpec) -> Sequence[Diagnostic]:
    """Findings about the specification of a Pod."""
    containers = (*spec.init_containers, *spec.containers)
    return (
        *required(spec, "containers", ": a Pod needs at least one"),
        *unique(containers, "name", "container"),
        *name(spec, "service_account_name", DNS_SUBDOMAIN),
        *name(spec, "hostname", DNS_LABEL),
        *name(spec, "subdomain", DNS_LABEL),
        *[finding for container in containers for finding in container_violations(container)],
    )


def container_violations(container: Container) -> Sequence[Diagnostic]:
    """Findings about one container."""
    return (
        *name(container, "name", DNS_LABEL),
        *unique(container.ports, "name", "port"),
        *[finding for port in container.ports for finding in port_violations(port)],
    )


def port_violations(port: ContainerPort) -> Sequence[Diagnostic]:
    """Findings about one port of a container."""
    return (*name(port, "name", PORT_NAME), *number_in_range(port, "container_port"), *protocol(port))
