"""Rules that do not hold in every release of Istio: kinds and fields that it does not have, and values that it refuses.

The other modules have the rules of all releases. An object that a release refuses takes no part.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.behaviour import Behaviour
from meshcompile.codes.models import NOT_IN_RELEASE
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.models.base import Node, Resource
from meshcompile.validate.checks import bounds

if TYPE_CHECKING:  # imported on first use
    from meshcompile.models.networking.destination_rule import LoadBalancerSettings

Found = Iterator[Diagnostic]


class Place(Struct, frozen=True):
    """A part of an object that a release refuses, and why."""

    origin: Origin
    problem: str


class ReleaseRule(Struct, frozen=True):
    """What the objects of a kind must not have in releases where a field of Behaviour has a value."""

    field: str
    refuses: bool
    """The value of the field with which the rule applies."""
    places: Callable[[Resource], Iterable[Place | Diagnostic]]
    """What it refuses: a place, or a finding that says more about it than that the release refuses it."""


def release_violations(resource: Resource, behaviour: Behaviour) -> tuple[Diagnostic, ...]:
    """Findings about what this release of Istio refuses, and others do not."""
    rules = RULES.get(type(resource).__name__, ())
    return tuple(
        _finding(place, resource, behaviour)
        for rule in rules
        if getattr(behaviour, rule.field) is rule.refuses
        for place in rule.places(resource)
    )


def _finding(place: Place | Diagnostic, resource: Resource, behaviour: Behaviour) -> Diagnostic:
    if isinstance(place, Diagnostic):
        return replace(place, rejected=True)
    field = place.origin.field or resource.kind
    return NOT_IN_RELEASE(place.origin, field=field, problem=place.problem, release=behaviour.name, rejected=True)


def _fields(*paths: str) -> Callable[[Resource], Iterator[Place]]:
    """The fields at these paths, which the release does not have."""

    def places(resource: Resource) -> Iterator[Place]:
        for path in paths:
            yield from (Place(origin, "it has no such field") for origin in _written(resource, path.split(".")))

    return places


def _written(node: Node, path: list[str]) -> Iterator[Origin]:
    """The origins of a field, of each item of the lists above it."""
    name, *below = path
    if not below:
        if name in node.model_fields_set:
            yield node.at(name)
        return
    value = getattr(node, name, None)
    for item in value if isinstance(value, tuple) else (value,):
        if isinstance(item, Node):
            yield from _written(item, below)


def _kind(resource: Resource) -> Iterator[Place]:
    yield Place(Origin(resource.origin.document, ("kind",)), "it has no such kind")


def _values(path: str, problem: str, refused: Callable[[object], bool]) -> Callable[[Resource], Iterator[Place]]:
    """The values at a path that the release refuses."""
    *above, name = path.split(".")

    def places(resource: Resource) -> Iterator[Place]:
        for node in _nodes(resource, above):
            value = getattr(node, name)
            if value is not None and refused(value):
                yield Place(node.at(name), problem)

    return places


def _nodes(node: Node, path: list[str]) -> Iterator[Node]:
    if not path:
        yield node
        return
    value = getattr(node, path[0], None)
    for item in value if isinstance(value, tuple) else (value,):
        if isinstance(item, Node):
            yield from _nodes(item, path[1:])


def _slow_warmups(resource: Resource) -> Iterator[Diagnostic]:
    """Warmups that are valid in releases that accept any aggression above 0."""
    for balancer in _load_balancers(resource):
        warmup = balancer.warmup
        if warmup and warmup.aggression is not None and 0 < warmup.aggression < 1:
            yield bounds(warmup, "aggression", warmup.aggression, "at least 1")


def _load_balancers(resource: Resource) -> Iterator["LoadBalancerSettings"]:
    """The settings of load balancers in a DestinationRule, of its ports and of its subsets."""
    from meshcompile.models.networking.destination_rule import DestinationRule  # for a fast start: few kinds need it

    assert isinstance(resource, DestinationRule)
    for policy in (resource.spec.traffic_policy, *(subset.traffic_policy for subset in resource.spec.subsets)):
        if policy is not None:
            balancers = (policy.load_balancer, *(port.load_balancer for port in policy.port_level_settings))
            yield from (balancer for balancer in balancers if balancer is not None)


def _new_redirects(resource: Resource) -> Iterator[Place]:
    for filters in ("spec.rules.filters", "spec.rules.backend_refs.filters"):
        path = f"{filters}.request_redirect.status_code"
        yield from _values(path, "it must be 301 or 302", lambda code: code not in (301, 302))(resource)


def _trust_domain_keys(resource: Resource) -> Iterator[Place]:
    path = "spec.rules.when.key"
    yield from _values(path, "it has no such key", lambda key: key == "source.trustDomain")(resource)


def _version(version: str) -> Callable[[Resource], Iterator[Place]]:
    """The version of an object that has this one."""

    def places(resource: Resource) -> Iterator[Place]:
        if resource.api_version.rpartition("/")[2] == version:
            yield Place(resource.at("api_version"), f"it has no version {version} of the kind")

    return places


def _dynamic_entries(resource: Resource) -> Iterator[Place]:
    """What wildcard hosts that Envoy resolves may have only for the sidecars of later releases."""
    from meshcompile.models.networking.service_entry import Location, Resolution, ServiceEntry  # for a fast start

    if not isinstance(resource, ServiceEntry) or resource.spec.resolution is not Resolution.DYNAMIC_DNS:
        return
    if resource.spec.location is not Location.MESH_EXTERNAL:
        yield Place(resource.spec.at("location"), "it must be MESH_EXTERNAL for resolution DYNAMIC_DNS")
    protocols = _values("spec.ports.protocol", "it must be HTTP or TLS for resolution DYNAMIC_DNS", _is_not_forwarded)
    yield from protocols(resource)


def _is_not_forwarded(protocol: object) -> bool:
    return str(protocol).upper() not in ("HTTP", "TLS")


RULES: Mapping[str, tuple[ReleaseRule, ...]] = {
    "AuthorizationPolicy": (
        ReleaseRule(
            "trust_domain_sources",
            False,
            _fields("spec.rules.from_.source.trust_domains", "spec.rules.from_.source.not_trust_domains"),
        ),
        ReleaseRule("trust_domain_sources", False, _trust_domain_keys),
    ),
    "DestinationRule": (ReleaseRule("slow_warmups", False, _slow_warmups),),
    "HTTPRoute": (
        ReleaseRule("redirect_codes", False, _new_redirects),
        ReleaseRule(
            "routes_must_retry",
            True,
            _values("spec.rules.retry.attempts", "it must be at least 1", lambda attempts: attempts == 0),
        ),
    ),
    "ServiceEntry": (ReleaseRule("dynamic_sidecars", False, _dynamic_entries),),
    "TCPRoute": (
        ReleaseRule("stable_tcp_routes", False, _version("v1")),
        ReleaseRule(
            "single_tcp_rule",
            True,
            _values(
                "spec.rules", "it must have at most 1 item", lambda rules: isinstance(rules, tuple) and len(rules) > 1
            ),
        ),
    ),
    "Telemetry": (ReleaseRule("context_propagation", False, _fields("spec.tracing.disable_context_propagation")),),
    "TrafficExtension": (ReleaseRule("traffic_extensions", False, _kind),),
}
"""The rules by kind."""
