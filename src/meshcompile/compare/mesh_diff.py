"""What a change of the mesh does to all of its proxies."""

from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.collector import gc_paused
from meshcompile.compare.authorization import PolicyChange
from meshcompile.compare.comparison import ProxyComparison, Seen
from meshcompile.compare.effects import with_headers
from meshcompile.compare.objects import ObjectChange, object_changes
from meshcompile.compare.openings import Opening, openings
from meshcompile.compare.probes import called_name
from meshcompile.compare.proxies import client_names, matched, workload_names
from meshcompile.compare.proxy_diff import ABOUT_POLICIES, BehaviourChange, ProxyDiff
from meshcompile.compare.resources import ResourceChange
from meshcompile.compare.risks import Risk, is_gone, risks
from meshcompile.compare.settings import SettingChange
from meshcompile.compare.sharing import LaterMesh, sharing
from meshcompile.compare.witnesses import Clients, service_ports, tunnel_witness, witness
from meshcompile.compare.ztunnels import UNDECIDED, ZtunnelChange, ztunnel_changes
from meshcompile.documents import Origin
from meshcompile.encoded import RESOURCE_TYPES
from meshcompile.mesh import Mesh
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.networking.service_entry import ServiceEntry
from meshcompile.prove.policies import Relation
from meshcompile.proxy import Proxy
from meshcompile.simulate import Capture
from meshcompile.ztunnel.rbac import TunnelledConnection

DOMAIN = "cluster.local"


class MeshChange(Struct, frozen=True):
    """Requests of some proxies with another outcome than before. `witness` is one of them.

    `requests` describes them, and `hosts` are the hosts that they are sent to, as far as they are known. `before` and
    `after` are the outcomes of the witness, as `meshcompile diff -o json` prints them. Where both look the same,
    `settings` are what differs, such as the connection pool of a cluster.
    """

    proxies: tuple[str, ...]
    requests: str
    hosts: tuple[str, ...]
    witness: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    lines_before: tuple[Origin, ...]
    lines_after: tuple[Origin, ...]
    risky: tuple[Risk, ...]
    settings: tuple[SettingChange, ...] = ()

    @property
    def is_decided_by_policies(self) -> bool:
        """Whether a policy denies the witness on one side only."""
        return is_denied(self.before) != is_denied(self.after)


def is_denied(outcome: Mapping[str, Any]) -> bool:
    """Whether a policy denies a request in all cases."""
    return all(each.get("denied", False) for each in outcome.get("outcomes", [outcome]))


class ResourceGroup(Struct, frozen=True):
    """Proxies whose resources change in the same way."""

    proxies: tuple[str, ...]
    resources: tuple[ResourceChange, ...]


POLICIES = "policies"
"""What `MeshDiff.only` calls policies."""


class MeshDiff(Struct, frozen=True):
    """The difference of two meshes.

    `added` and `removed` are proxies of one side only. `undecided` says what could not be compared, by proxy.
    `policies` has the workloads whose policies changed, and how what they admit relates to what they admitted.
    """

    objects: tuple[ObjectChange, ...]
    resources: tuple[ResourceGroup, ...]
    changes: tuple[MeshChange, ...]
    undecided: tuple[tuple[str, str], ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    policies: tuple[PolicyChange, ...] = ()

    @property
    def behaviour(self) -> str:
        """`none`, `changed` or `unknown`. A proxy that comes or goes is no change of behaviour by itself."""
        if self.changes or any(each.differs for each in self.policies):
            return "changed"
        return "none" if self._is_decided else "unknown"

    @property
    def proved(self) -> bool:
        """Whether nothing but the changes listed differs. Without changes: no behavioural change, proved."""
        return self.behaviour == "none"

    @property
    def _is_decided(self) -> bool:
        relations = (each.comparison.relation for each in self.policies)
        return not self.undecided and Relation.UNKNOWN not in relations

    @property
    def risky(self) -> tuple[Risk, ...]:
        """The kinds of risk of all changes, each once. Policies that are proved to admit more count too."""
        widened = (Risk.AUTHORIZATION_WIDENED for each in self.policies if each.widens)
        return tuple(dict.fromkeys((*(risk for change in self.changes for risk in change.risky), *widened)))

    def only(self, types: Container[str]) -> "MeshDiff":
        """The difference with the resources of some types only, and with policies if `policies` is among the types.

        What is said about behaviour stays. For `policies` alone, it is what policies decide.
        """
        groups = (
            ResourceGroup(group.proxies, tuple(each for each in group.resources if each.type in types))
            for group in self.resources
        )
        shown = replace(self, resources=tuple(group for group in groups if group.resources))
        if POLICIES not in types:
            return replace(shown, policies=())
        if any(name in types for name in RESOURCE_TYPES):
            return shown
        return replace(shown, changes=tuple(each for each in self.changes if each.is_decided_by_policies))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, as `meshcompile diff -o json` prints it. schemas/diff.json describes it."""
        from meshcompile.compare.data import diff_data  # it imports this module

        return diff_data(self)

    @property
    def is_empty(self) -> bool:
        """Whether the two meshes give every proxy the same configuration, and ztunnel the same policies."""
        return not (self.resources or self.changes or self.undecided or self.added or self.removed)


@gc_paused()
def diff(before: Mesh, after: Mesh, proxies: Iterable[str] | None = None) -> MeshDiff:
    """The difference of two meshes, for all of their proxies or for those with these names.

    Raises UnknownProxy for a name that neither mesh has.
    """
    return compared(before, sharing(before, after), proxies)


def compared(
    before: Mesh, later: LaterMesh, proxies: Iterable[str] | None = None, seen: Seen = lambda was, now, pair: None
) -> MeshDiff:
    """The difference of two meshes that share objects. `seen` is called with the compilations of each proxy."""
    after = later.mesh
    pairs = list(matched(before, after, proxies))
    objects = object_changes(before.objects, after.objects)
    names, clients = workload_names((before, after)), client_names((before, after))
    comparison = ProxyComparison(before, after, clients, names, seen)
    both = [(new, comparison.of(old, new)) for old, new in pairs if old is not None and new is not None]
    context = _Context(after, clients, names, later.place)
    tunnels = tuple(ztunnel_changes(before, after, clients)) if proxies is None else ()
    known = {name for each in comparison.policies.changes for name in each.proxies}
    reasons = ((names[proxy.id], reason) for proxy, each in both for reason in each.undecided)
    undecided = [each for each in reasons if each[0] not in known or not each[1].endswith(ABOUT_POLICIES)]
    return MeshDiff(
        objects=objects,
        resources=tuple(_resource_groups(both, names)),
        changes=(
            *merged((*_changes(both, objects, context), *_tunnel_changes(tunnels, objects, context))),
            *(_opened(each, context) for each in (openings(before, after) if proxies is None else ())),
        ),
        undecided=(*undecided, *((each.workload, UNDECIDED) for each in tunnels if each.connection is None)),
        added=tuple(names[new.id] for old, new in pairs if old is None and new is not None),
        removed=tuple(names[old.id] for old, new in pairs if new is None and old is not None),
        unchanged=sum(not each.resources for _, each in both),
        policies=comparison.policies.changes,
    )


Found = Sequence[tuple[Proxy, ProxyDiff]]


class _Context:
    """What changes are described with."""

    def __init__(
        self, after: Mesh, clients: Clients, names: Mapping[str, str], place: Callable[[Origin], Origin]
    ) -> None:
        self.clients, self.names, self.place = clients, names, place
        self.services = [each for each in after.objects if isinstance(each, Service)]
        self.hosts = frozenset(_hosts(after))


def _hosts(mesh: Mesh) -> Iterator[str]:
    """The hosts of the mesh: those of its Services and of its ServiceEntries."""
    for each in mesh.objects:
        match each:
            case Service():
                yield f"{each.name}.{each.namespace}.svc.{DOMAIN}"
            case ServiceEntry():
                yield from each.spec.hosts
            case _:
                pass


def _grouped(items: Iterable[tuple[str, Any]], key: Callable[[Any], Hashable]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The items with equal keys, each with the names of the proxies that have it."""
    groups: dict[Hashable, tuple[dict[str, None], Any]] = {}
    for name, item in items:
        groups.setdefault(key(item), ({}, item))[0][name] = None
    return ((tuple(names), item) for names, item in groups.values())


def _resource_groups(found: Found, workloads: Mapping[str, str]) -> Iterator[ResourceGroup]:
    changed = ((workloads[proxy.id], each.resources) for proxy, each in found if each.resources)
    for names, resources in _grouped(changed, repr):
        yield ResourceGroup(names, resources)


class _Difference(Struct, frozen=True):
    """A change of behaviour, and the proxy that shows it."""

    proxy: Proxy
    change: BehaviourChange
    drained: tuple[str, ...]


def _changes(found: Found, objects: Sequence[ObjectChange], context: _Context) -> Iterator[MeshChange]:
    every = (
        (context.names[proxy.id], _Difference(proxy, change, each.drained))
        for proxy, each in found
        for change in each.behaviour
    )
    for names, first in _grouped(every, _key):
        yield _change(names, first, objects, context)


def _opened(opening: Opening, context: _Context) -> MeshChange:
    """A Service that lets clients outside of the cluster in, or no longer does."""
    name, workload = f"{opening.service.name}.{opening.service.namespace}", context.names[opening.proxy.id]
    places, port = opening.places, opening.port
    return MeshChange(
        (workload,),
        f"requests from outside of the cluster on port {port}, past all gateways",
        (name,),
        {
            "method": "GET",
            "url": f"http://{name}:{opening.port}/",
            "from": "outside",
            "to": context.names[opening.proxy.id],
        },
        CLOSED if opening.is_open else TAKEN,
        TAKEN if opening.is_open else CLOSED,
        () if opening.is_open else places,
        tuple(map(context.place, places)) if opening.is_open else (),
        (Risk.EXPOSURE,) if opening.is_open else (),
    )


CLOSED: Mapping[str, Any] = {"status": None, "details": "no Service takes connections from outside of the cluster"}


def _tunnel_changes(
    found: Iterable[ZtunnelChange], objects: Sequence[ObjectChange], context: _Context
) -> Iterator[MeshChange]:
    """The changes of what ztunnel lets through."""
    concerned = [each for each in objects if each.kind in ("AuthorizationPolicy", "PeerAuthentication")]
    before = tuple(origin for each in concerned for origin in each.before)
    after = tuple(context.place(origin) for each in concerned for origin in each.after)
    for each in found:
        if (connection := each.connection) is not None:
            yield MeshChange(
                (each.workload,),
                f"connections to port {connection.port} by ztunnel",
                (),
                tunnel_witness(connection, each.workload, context.clients),
                REFUSED if each.allowed_after else TAKEN,
                TAKEN if each.allowed_after else REFUSED,
                before,
                after,
                (_tunnel_risk(connection, concerned),) if each.allowed_after else (),
            )


def _tunnel_risk(connection: TunnelledConnection, concerned: Sequence[ObjectChange]) -> Risk:
    about_mtls = all(each.kind == "PeerAuthentication" for each in concerned)
    return Risk.MTLS_WEAKENED if about_mtls and not connection.identity else Risk.AUTHORIZATION_WIDENED


TAKEN: Mapping[str, Any] = {"status": 200}
REFUSED: Mapping[str, Any] = {"status": None, "details": "ztunnel refuses the connection", "denied": True}


def merged(changes: Iterable[MeshChange]) -> tuple[MeshChange, ...]:
    """The changes with one cause and one kind of outcome as one: the same for several hosts, or at several servers."""
    groups: dict[Hashable, list[MeshChange]] = {}
    for change in changes:
        groups.setdefault(_cause(change), []).append(change)
    return tuple(map(_united, groups.values()))


def _cause(change: MeshChange) -> Hashable:
    url = urlsplit(change.witness.get("url", ""))
    asked = change.witness.get("method"), url.scheme, url.path, change.witness.get("headers")
    lines = change.lines_before, change.lines_after
    outcomes = _kind(change.before), _kind(change.after), change.settings
    return repr((asked, change.witness.get("claims"), lines, outcomes))


def _kind(outcome: Mapping[str, Any]) -> Any:
    """An outcome without the names of what answers."""
    if "outcomes" in outcome:
        return [_kind(each) for each in outcome["outcomes"]]
    cluster = str(outcome.get("cluster", ""))
    kept = {key: value for key, value in outcome.items() if key not in ("cluster", "answered_by", "mirrors")}
    return {**kept, "cluster": "" if "|" in cluster else cluster}


def _united(changes: Sequence[MeshChange]) -> MeshChange:
    first = changes[0]
    proxies = tuple(dict.fromkeys(name for each in changes for name in each.proxies))
    hosts = tuple(dict.fromkeys(host for each in changes for host in each.hosts))
    return replace(first, proxies=proxies, hosts=hosts)


def _key(difference: _Difference) -> Hashable:
    """What is the same for all proxies that a change concerns in the same way."""
    change = difference.change
    return repr((change.requests, change.probe.request, change.before.outcomes, change.after.outcomes))


def _change(
    names: tuple[str, ...], difference: _Difference, objects: Sequence[ObjectChange], context: _Context
) -> MeshChange:
    change = difference.change
    before, after = _blamed(change, objects)
    ports = service_ports(difference.proxy, context.services)
    probe = change.probe
    host = probe.request.authority if probe.request is not None else called_name(probe.connection)
    return MeshChange(
        names,
        _at_the_service(change, ports),
        (host,) if host else (),
        witness(probe, names[0], ports, context.clients),
        with_headers(change.before, change.after, is_after=False),
        _told(change, context),
        before,
        tuple(map(context.place, after)),
        tuple(risks(change, difference.drained, context.hosts)),
        change.settings,
    )


def _at_the_service(change: BehaviourChange, ports: Mapping[int, int]) -> str:
    """The requests of a change in words. For a gateway, the port is that of its Service, which clients call."""
    connection = change.probe.connection
    own = f"port {connection.port}"
    if connection.capture is not Capture.NONE or not change.requests.endswith(own):
        return change.requests
    return f"{change.requests.removesuffix(own)}port {ports.get(connection.port, connection.port)}"


def _told(change: BehaviourChange, context: _Context) -> Mapping[str, Any]:
    """The outcome after a change. A host that is gone has no address that its clients could call."""
    shown = with_headers(change.before, change.after, is_after=True)
    if not is_gone(change, context.hosts) or shown.get("cluster") != PASSTHROUGH:
        return shown
    return {"status": UNAVAILABLE, "details": GONE, "cluster": PASSTHROUGH}


PASSTHROUGH, UNAVAILABLE = "PassthroughCluster", 503
GONE = "the host is gone, so its name no longer resolves"


def _blamed(change: BehaviourChange, objects: Sequence[ObjectChange]) -> tuple[tuple[Origin, ...], tuple[Origin, ...]]:
    """The places to blame on both sides.

    They are what differs in the objects that the changed configuration comes from. If it comes from none of the objects
    that differ, it is what differs in any of them: a Sidecar, for example, leaves no trace in what it removes.
    """
    documents = {id(origin.document) for origin in (*change.lines_before, *change.lines_after)}
    concerned = [each for each in objects if _documents(each) & documents] or list(objects)
    before = tuple(origin for each in concerned for origin in each.before)
    after = tuple(origin for each in concerned for origin in each.after)
    return (before, after) if before or after else (change.lines_before, change.lines_after)


def _documents(change: ObjectChange) -> set[int]:
    return {id(origin.document) for origin in (*change.before, *change.after)}
