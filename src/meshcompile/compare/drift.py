"""What runs and what the files say: a config dump of a proxy, compared with its compiled configuration.

Versions, times, the order of lists whose order means nothing, and defaults that Envoy fills in are no differences. The
resources of Istio's own bootstrap are left out. Where the files have no addresses, those of the proxy hold. An Envoy
with a static bootstrap is compared with the bootstrap that `Config.bootstrap` makes.
"""

from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from meshcompile.compare.assumed_addresses import with_known_addresses
from meshcompile.compare.pairs import ConfigPair, by_name
from meshcompile.compare.resources import ChangeKind, ResourceChange, resource_changes
from meshcompile.config import Config
from meshcompile.config_dump import ConfigDump
from meshcompile.config_dump.dump import AGENT_CLUSTERS
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.emit.resources import Resources
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment, Endpoint, LbEndpoint, LocalityLbEndpoints
from meshcompile.envoy.message import Message, origins_at, replaced, to_builtins
from meshcompile.errors import InvalidArgument
from meshcompile.proxy import Proxy

if TYPE_CHECKING:  # only for types
    from meshcompile.mesh import Mesh

OVERPROVISIONING = 140
"""The factor of a load assignment that sets none, which Envoy dumps."""


class DriftedField(Struct, frozen=True):
    """A field that differs. `running` and `wanted` are JSON data; None stands for a field that is not there.

    `pointer` is a JSON pointer into the resource that the files say. `places` are those of the input that decide it.
    """

    pointer: str
    running: Any
    wanted: Any
    places: tuple[Origin, ...]


class DriftedResource(Struct, frozen=True):
    """A resource that is not what the files say.

    `type` is `listeners`, `routes`, `clusters`, `endpoints` or `extensions`. `change` is what bringing the proxy up to
    date would do: add it, remove it, or change its `fields`. `places` are empty for a resource that the files do not
    have.
    """

    type: str
    name: str
    change: ChangeKind
    fields: tuple[DriftedField, ...]
    places: tuple[Origin, ...]


class Drift(Struct, frozen=True):
    """How a running proxy differs from the files.

    `diagnostics` are about the dump: what could not be read, and updates that Envoy has rejected. `assumed` are the
    clusters whose endpoints are not compared, since the files have no Pods for them.
    """

    proxy: Proxy
    file: str
    resources: tuple[DriftedResource, ...]
    diagnostics: tuple[Diagnostic, ...]
    assumed: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the proxy runs what the files say."""
        return not self.resources


def drift(mesh: "Mesh", dump: ConfigDump, proxy: Proxy | str | None = None) -> Drift:
    """What differs between a running proxy and the mesh in the files.

    The proxy is that of the dump, with its metadata, unless another one is given. Raises InvalidArgument if neither is
    known, and UnknownProxy for a name that the mesh does not have.
    """
    wanted = proxy or dump.proxy
    if wanted is None:
        raise InvalidArgument(f"{dump.file} has no node of Istio: name the proxy to compare it with")
    config = mesh.compile(wanted)
    known = with_known_addresses(*_comparable_resources(dump, config))
    running, compiled = _normal(config.proxy, known.running), _normal(config.proxy, known.wanted)
    changes = resource_changes(ConfigPair(running, compiled))
    drifted = (_drifted(change, compiled) for change in changes)
    return Drift(config.proxy, dump.file, tuple(filter(None, drifted)), dump.diagnostics, known.assumed)


def _comparable_resources(dump: ConfigDump, config: Config) -> tuple[Resources, Resources]:
    """What runs, and what the files say, in the form in which the Envoy has its configuration."""
    if not dump.is_static:
        return dump.resources, config.resources
    flavour = "istio" if any(each.name == "sds-grpc" for each in dump.static.clusters) else "envoy"
    static = config.bootstrap(flavour).content.static_resources
    listeners, clusters = (static.listeners, static.clusters) if static else ((), ())
    return dump.static, Resources(listeners=listeners, routes=(), clusters=clusters, endpoints=(), extensions=())


def _normal(proxy: Proxy, resources: Resources) -> Config:
    """The resources without the clusters of the agent, and without defaults that Envoy fills in."""
    clusters = tuple(each for each in resources.clusters if each.name not in AGENT_CLUSTERS)
    endpoints = tuple(map(_normal_assignment, resources.endpoints))
    return Config(proxy, structs.replace(resources, clusters=clusters, endpoints=endpoints))


def _normal_assignment(assignment: ClusterLoadAssignment) -> ClusterLoadAssignment:
    policy = assignment.policy
    if policy is not None and policy.overprovisioning_factor == OVERPROVISIONING:
        policy = replaced(policy, overprovisioning_factor=None)
    if policy is not None and not to_builtins(policy):
        policy = None
    return replaced(assignment, endpoints=tuple(map(_normal_locality, assignment.endpoints)), policy=policy)


def _normal_locality(locality: LocalityLbEndpoints) -> LocalityLbEndpoints:
    where = locality.locality if locality.locality is not None and to_builtins(locality.locality) else None
    weight = locality.load_balancing_weight if locality.load_balancing_weight != 1 else None
    endpoints = tuple(map(_normal_endpoint, locality.lb_endpoints))
    return replaced(locality, locality=where, load_balancing_weight=weight, lb_endpoints=endpoints)


def _normal_endpoint(item: LbEndpoint) -> LbEndpoint:
    endpoint, health = item.endpoint, item.health_status
    if isinstance(endpoint, Endpoint) and endpoint.health_check_config is not None:
        empty = not to_builtins(endpoint.health_check_config)
        endpoint = replaced(endpoint, health_check_config=None) if empty else endpoint
    weight = item.load_balancing_weight if item.load_balancing_weight != 1 else None
    health = "UNKNOWN" if health == "HEALTHY" else health
    return replaced(item, endpoint=endpoint, load_balancing_weight=weight, health_status=health)


def _drifted(change: ResourceChange, compiled: Config) -> DriftedResource | None:
    """A difference, with its places in the input; None if both print the same data."""
    message = by_name(getattr(compiled, change.type)).get(change.name)
    fields = tuple(
        DriftedField(each.pointer, each.before, each.after, _places(message, each.pointer))
        for each in change.fields
        if each.before != each.after
    )
    if change.change is ChangeKind.CHANGED and not fields:
        return None
    return DriftedResource(change.type, change.name, change.change, fields, message.origins if message else ())


def _places(message: Message | None, pointer: str) -> tuple[Origin, ...]:
    """The places of a field: of the key with the same name in the input, or else of what is around it."""
    steps = pointer.split("/")[1:]
    found = origins_at(message, steps)
    return tuple(_narrowed(origin, steps[-1]) for origin in found) if steps else found


def _narrowed(origin: Origin, field: str) -> Origin:
    inner = origin.at(field)
    return inner if inner.position != origin.position else origin
