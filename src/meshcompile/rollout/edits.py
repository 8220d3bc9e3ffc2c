"""The objects that a change adds, changes and removes."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum, auto

from msgspec import Struct

from meshcompile.documents import Origin
from meshcompile.mesh import Mesh
from meshcompile.models.base import Resource
from meshcompile.words import words

ObjectId = tuple[str, str, str, str, str]
"""The cluster (empty for the config cluster), API version, kind, namespace and name of an object."""


class Verb(StrEnum):
    """What is done with an object."""

    ADD = auto()
    CHANGE = auto()
    REMOVE = auto()


class ObjectEdit(Struct, frozen=True, eq=False):
    """An object before and after; None where it is not there. `transitional` is a version that neither side has."""

    id: ObjectId
    before: Resource | None
    after: Resource | None
    place: Origin
    is_transitional: bool = False

    @property
    def verb(self) -> Verb:
        if self.before is None:
            return Verb.ADD
        return Verb.REMOVE if self.after is None else Verb.CHANGE

    @property
    def name(self) -> str:
        """`VirtualService shop/catalog`."""
        _, _, kind, namespace, name = self.id
        return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"

    @property
    def rank(self) -> tuple[int, str, ObjectId]:
        """The place in an order that is mostly safe: what is routed to comes before routes, and goes after them."""
        kind = self.id[2]
        place = next((number for number, kinds in enumerate(RANKS) if kind in kinds), len(RANKS) - 2)
        return (2 * len(RANKS) - place if self.verb is Verb.REMOVE else place), kind, self.id


WORKLOADS = words(
    "Deployment StatefulSet DaemonSet ReplicaSet Pod Job CronJob WorkloadEntry WorkloadGroup EndpointSlice"
)
RANKS = (
    words("Namespace ServiceAccount ConfigMap Secret IstioOperator"),
    WORKLOADS,
    words("Service ServiceEntry InferencePool"),
    words("DestinationRule BackendTLSPolicy"),
    words("Gateway ListenerSet"),
    words("PeerAuthentication RequestAuthentication AuthorizationPolicy EnvoyFilter Telemetry WasmPlugin ProxyConfig"),
    words("VirtualService Ingress HTTPRoute GRPCRoute TLSRoute TCPRoute"),
    words("Sidecar"),
)
"""Kinds in the order in which they are added. Removals are in the opposite order."""


def edits(before: Mesh, after: Mesh) -> Iterator[ObjectEdit]:
    """The objects that are not the same in two meshes that share objects, by rank."""
    was, now = _by_id(before), _by_id(after)
    found = (
        ObjectEdit(each, was.get(each), now.get(each), (now.get(each) or was[each]).origin)
        for each in was.keys() | now.keys()
        if was.get(each) is not now.get(each)
    )
    return iter(sorted(found, key=lambda edit: edit.rank))


def _by_id(mesh: Mesh) -> Mapping[ObjectId, Resource]:
    clusters = {"": mesh.config_cluster, **mesh.remote_clusters}
    return {_id(cluster, each): each for cluster, accepted in clusters.items() for each in accepted.resources}


def _id(cluster: str, each: Resource) -> ObjectId:
    return cluster, each.api_version, each.kind, each.namespace, each.name


def edited(cluster: str, resources: Iterable[Resource], applied: Iterable[ObjectEdit]) -> tuple[Resource, ...]:
    """The objects of a cluster after some edits."""
    now = {_id(cluster, each): each for each in resources}
    for edit in applied:
        if edit.id[0] == cluster:
            if edit.after is None:
                now.pop(edit.id, None)
            else:
                now[edit.id] = edit.after
    return tuple(now.values())
