"""Rules on Pods and on Pod templates: `ValidatePodSpec` of the API server, for the fields that are modelled."""

from meshcompile.codes import validation as codes
from meshcompile.ip import is_ip
from meshcompile.models.kubernetes.pod import Container, Pod, PodSpec, PodStatus
from meshcompile.validate.kubernetes.common import number_in_range, protocol, required, unique
from meshcompile.validate.object_names import DNS_LABEL, DNS_SUBDOMAIN, PORT_NAME, Found, name


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


def pod_violations(spec: PodSpec) -> Found:
    """Findings about the specification of a Pod."""
    yield from required(spec, "containers", ": a Pod needs at least one")
    yield from unique((*spec.init_containers, *spec.containers), "name", "container")
    yield from name(spec, "service_account_name", DNS_SUBDOMAIN)
    yield from name(spec, "hostname", DNS_LABEL)
    yield from name(spec, "subdomain", DNS_LABEL)
    for container in (*spec.init_containers, *spec.containers):
        yield from container_violations(container)


def container_violations(container: Container) -> Found:
    """Findings about one container."""
    yield from name(container, "name", DNS_LABEL)
    yield from unique(container.ports, "name", "port")
    for port in container.ports:
        yield from name(port, "name", PORT_NAME)
        yield from number_in_range(port, "container_port")
        yield from protocol(port)
