"""The proxies of two meshes, matched, and the names by which they are known."""

from collections.abc import Iterable, Iterator, Mapping

from meshcompile.compare.listeners import Identities
from meshcompile.compare.witnesses import Clients
from meshcompile.errors import UnknownProxy
from meshcompile.mesh import Mesh
from meshcompile.proxy import Proxy
from meshcompile.values.spiffe import workload_identity

Pair = tuple[Proxy | None, Proxy | None]


def matched(before: Mesh, after: Mesh, names: Iterable[str] | None) -> Iterator[Pair]:
    """The proxies of both meshes, matched by the names of their Pods or of their workloads."""
    if names is not None:
        for name in names:
            old, new = _named(before, name), _named(after, name)
            if old is None and new is None:
                raise UnknownProxy(name, ())
            yield old, new
        return
    was, now = by_workload(before), by_workload(after)
    for key in sorted(was.keys() | now.keys(), key=repr):
        yield was.get(key), now.get(key)


def _named(mesh: Mesh, name: str) -> Proxy | None:
    try:
        return mesh.proxy(name)
    except UnknownProxy:
        return None


def by_workload(mesh: Mesh) -> Mapping[tuple[str, int], Proxy]:
    """The proxies by workload, and their number in it. The names of Pods change with every rollout."""
    counts: dict[str, int] = {}
    found: dict[tuple[str, int], Proxy] = {}
    for each in mesh.named_proxies:
        name = each.workload
        counts[name] = counts.get(name, 0) + 1
        found[name, counts[name]] = each.proxy
    return found


def workload_names(meshes: Iterable[Mesh]) -> Mapping[str, str]:
    """The workload of each proxy, as `deployment/NAME.NAMESPACE`, by the proxy's ID."""
    return {each.pod_id: each.workload for mesh in meshes for each in mesh.named_proxies}


def client_names(meshes: Iterable[Mesh]) -> Clients:
    """The workloads of both meshes by their SPIFFE identity."""
    found: dict[str, str] = {}
    for mesh in meshes:
        for each in mesh.named_proxies:
            trust_domain, proxy = mesh.settings.mesh.trust_domain, each.proxy
            identity = workload_identity(trust_domain, proxy.namespace, proxy.service_account)
            found.setdefault(identity, each.workload)
    return found


def other_identities(clients: Clients, own: str) -> Identities:
    """The identities of clients, that of a workload itself last."""
    return sorted(clients, key=lambda identity: clients[identity] == own)
