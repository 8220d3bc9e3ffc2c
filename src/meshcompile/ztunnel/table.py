"""The messages in tables, with the columns of `istioctl ztunnel-config`."""

from collections.abc import Iterator, Sequence

from meshcompile.envoy.workload import GatewayAddress, Service, Workload
from meshcompile.envoy.workload_security import Authorization
from meshcompile.output.columns import aligned
from meshcompile.ztunnel.addresses import unpacked_ip
from meshcompile.ztunnel.config import ZtunnelConfig, service_name

WORKLOADS = ("NAMESPACE", "WORKLOAD", "ADDRESS", "NODE", "WAYPOINT", "PROTOCOL", "POLICIES")
SERVICES = ("NAMESPACE", "SERVICE", "ADDRESS", "WAYPOINT", "ENDPOINTS")
POLICIES = ("NAMESPACE", "POLICY", "ACTION", "SCOPE")
NONE = "-"


def ztunnel_tables(config: ZtunnelConfig, everything: ZtunnelConfig) -> str:
    """The tables of what a namespace has, each ending in a newline. Endpoints are counted in all namespaces."""
    tables = (
        [WORKLOADS, *map(_workload, config.workloads)],
        [SERVICES, *(_service(each, everything) for each in config.services)],
        [POLICIES, *map(_policy, config.authorizations)],
    )
    return "\n".join(_table(rows) for rows in tables if len(rows) > 1)


def _table(rows: Sequence[Sequence[str]]) -> str:
    return aligned(rows, padding=2)


def _workload(of: Workload) -> tuple[str, ...]:
    addresses = ",".join(map(unpacked_ip, of.addresses)) or of.hostname
    policies = ",".join(of.authorization_policies)
    return (
        of.namespace,
        of.name,
        addresses,
        of.node or NONE,
        _gateway(of.waypoint),
        of.tunnel_protocol.replace("NONE", "TCP"),
        policies or NONE,
    )


def _service(of: Service, config: ZtunnelConfig) -> tuple[str, ...]:
    addresses = ",".join(_range(unpacked_ip(each.address), each.length) for each in of.addresses)
    listed = [each for each in config.workloads if service_name(of) in each.services]
    healthy = sum(each.status == "HEALTHY" for each in listed)
    return (of.namespace, of.hostname, addresses or NONE, _gateway(of.waypoint), f"{healthy}/{len(listed)}")


def _range(address: str, length: int | None) -> str:
    return address if length is None else f"{address}/{length}"


def _policy(of: Authorization) -> tuple[str, ...]:
    return (of.namespace, of.name, of.action, of.scope)


def _gateway(address: GatewayAddress | None) -> str:
    return next(_names(address), NONE)


def _names(address: GatewayAddress | None) -> Iterator[str]:
    if address is not None and address.hostname is not None:
        yield address.hostname.hostname
    if address is not None and address.address is not None:
        yield unpacked_ip(address.address.address)
