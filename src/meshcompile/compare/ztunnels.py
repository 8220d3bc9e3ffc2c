"""What the ztunnels of an ambient mesh let through before and after a change, by workload."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, product

from msgspec import Struct

from meshcompile.compare.witnesses import Clients
from meshcompile.envoy.workload_security import Authorization, Match
from meshcompile.explain.ztunnel import snapshot_policies
from meshcompile.mesh import Mesh
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.proxies import pod_names
from meshcompile.snapshot.ambient.workloads import tunnel_protocol
from meshcompile.values.spiffe import PREFIX
from meshcompile.ztunnel.addresses import unpacked_ip
from meshcompile.ztunnel.rbac import TunnelledConnection, connection_verdict

MOST_CONNECTIONS = 2000
"""The number of connections to one workload that are tried."""
ANY_SOURCE, ANY_PORT = "10.255.0.1", 9
STRANGER = f"{PREFIX}cluster.local/ns/other/sa/other"
UNDECIDED = "ztunnel: its policies differ, and no connection was found that shows how"


class ZtunnelChange(Struct, frozen=True):
    """A connection to a workload that ztunnel takes on one side only. Without a connection, none is known."""

    workload: str
    connection: TunnelledConnection | None = None
    allowed_after: bool = False


def ztunnel_changes(before: Mesh, after: Mesh, clients: Clients) -> Iterator[ZtunnelChange]:
    """The connections that show how the policies of ztunnel differ, one for each workload and direction."""
    if not (before.snapshot.ambient and after.snapshot.ambient):
        return
    was, now = _policies(before), _policies(after)
    for name in sorted(was.keys() & now.keys()):
        if was[name][1] != now[name][1]:
            yield from _changes(name, now[name][0], (was[name][1], now[name][1]), clients)


Policies = tuple[Authorization, ...]


def _policies(mesh: Mesh) -> Mapping[str, tuple[Pod, Policies]]:
    """A Pod of each workload of the ambient mesh, and the policies that ztunnel enforces for it."""
    policies = snapshot_policies(mesh.snapshot)
    found: dict[str, tuple[Pod, Policies]] = {}
    for cluster in mesh.snapshot.workloads.clusters.values():
        for pod in cluster.pods.values():
            metadata = pod.metadata
            if tunnel_protocol(metadata.labels, metadata.annotations) == "HBONE":
                name = tuple(pod_names(pod))[2]
                found.setdefault(name, (pod, policies.holding_for(pod.namespace, metadata.labels)))
    return found


def _changes(name: str, pod: Pod, sides: tuple[Policies, Policies], clients: Clients) -> Iterator[ZtunnelChange]:
    found: dict[bool, ZtunnelChange] = {}
    for each in islice(_connections(pod, sides, clients), MOST_CONNECTIONS):
        before, after = (connection_verdict(side, each).allowed for side in sides)
        if before != after:
            found.setdefault(after, ZtunnelChange(name, each, after))
    yield from found.values() or (ZtunnelChange(name),)


def _connections(pod: Pod, sides: tuple[Policies, Policies], clients: Clients) -> Iterator[TunnelledConnection]:
    """Connections that meet what policies ask for, and others."""
    matches = [each for side in sides for each in _matches(side)]
    declared = (port.container_port for each in pod.spec.containers for port in each.ports)
    ports = dict.fromkeys((*declared, *(port for each in matches for port in each.destination_ports), ANY_PORT))
    blocks = (block for each in matches for block in (*each.source_ips, *each.not_source_ips))
    sources = dict.fromkeys((ANY_SOURCE, *(unpacked_ip(each.address) for each in blocks)))
    identities = dict.fromkeys((*clients, *_named(matches), STRANGER, ""))
    for identity, source, port in product(identities, sources, ports):
        yield TunnelledConnection(identity=identity, source=source, destination=pod.status.pod_ip, port=port)


def _matches(policies: Iterable[Authorization]) -> Iterator[Match]:
    groups = (group for policy in policies for group in policy.groups)
    return (match for group in groups for rules in group.rules for match in rules.matches)


def _named(matches: Sequence[Match]) -> Iterator[str]:
    """Identities that policies name."""
    for each in matches:
        names = (*each.principals, *each.not_principals)
        yield from (f"{PREFIX}{name.exact}" for name in names if name.exact)
        spaces = (name.exact for name in (*each.namespaces, *each.not_namespaces) if name.exact)
        yield from (f"{PREFIX}cluster.local/ns/{namespace}/sa/default" for namespace in spaces)
        accounts = (*each.service_accounts, *each.not_service_accounts)
        yield from (f"{PREFIX}cluster.local/ns/{one.namespace}/sa/{one.service_account}" for one in accounts)
