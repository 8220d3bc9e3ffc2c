"""Rules of WorkloadEntries and of endpoints in ServiceEntries: istiod's `validateWorkloadEntry`, and the schema's."""

from collections.abc import Set

from meshcompile.codes import validation as codes
from meshcompile.models.networking.workload_entry import WorkloadEntry, WorkloadEntrySpec
from meshcompile.validate.checks import Found, is_written, labels
from meshcompile.validate.names import fqdn_problem, is_address, is_label, unix_path_problem
from meshcompile.values.hosts import UNIX_PREFIX

LONGEST_PORT_NAME = 62


def violations(entry: WorkloadEntry) -> Found:
    """Findings about a WorkloadEntry."""
    yield from schema(entry.spec)
    yield from workload_entry(entry.spec, None, names_allowed=True)


def schema(spec: WorkloadEntrySpec) -> Found:
    """The schema's rules for any entry, including a template: Unix domain sockets, and names of ports."""
    if spec.address.startswith(UNIX_PREFIX):
        problem = unix_path_problem(spec.address)
        if problem or spec.address.endswith("/"):
            problem = problem or "the path of a socket cannot end with `/`"
            yield codes.UNIX_SOCKET(spec.at("address"), value=spec.address, problem=problem)
        if is_written(spec, "ports"):
            yield codes.ENDPOINT(spec.at("ports"), problem="a Unix domain socket cannot have `ports`")
    for name in spec.ports:
        if len(name) > LONGEST_PORT_NAME or not is_label(name):
            yield codes.NAME(spec.at("ports", name), value=name, what="the name of a port")


def has_address(spec: WorkloadEntrySpec) -> Found:
    """The schema's rule for an entry that is not a template: it needs an address, or a network with a gateway."""
    if not is_written(spec, "address") and not is_written(spec, "network"):
        yield codes.MISSING(spec.at("address"), field="address", reason=", and so is `network`")


def workload_entry(spec: WorkloadEntrySpec, ports: Set[str] | None, names_allowed: bool) -> Found:
    """Findings about an entry. `ports` are the names of its service's ports, or None without a service."""
    yield from has_address(spec)
    if not spec.address:
        if not spec.network:
            if is_written(spec, "address") or is_written(spec, "network"):
                yield codes.MISSING(spec.at("address"), field="address", reason="")
            return
        yield codes.ENDPOINT_WITHOUT_ADDRESS(spec, network=spec.network)
    elif spec.address.startswith(UNIX_PREFIX):
        if ports is not None and len(ports) != 1:
            yield codes.ENDPOINT(spec.at("address"), problem="a Unix domain socket serves exactly one port")
    elif not is_address(spec.address):
        if not names_allowed:
            problem = f"`{spec.address}` is not an IP address"
            yield codes.ENDPOINT(spec.at("address"), problem=problem)
        elif fqdn_problem(spec.address):
            problem = f"`{spec.address}` is neither an IP address nor a domain name"
            yield codes.ENDPOINT(spec.at("address"), problem=problem)
    if ports is not None:
        yield from undefined_ports(spec, ports)
    yield from labels(spec, "labels")


def undefined_ports(spec: WorkloadEntrySpec, ports: Set[str]) -> Found:
    """Ports that the service does not have."""
    for name in spec.ports.keys() - ports:
        yield codes.ENDPOINT(spec.at("ports", name), problem=f"the service has no port `{name}`")
