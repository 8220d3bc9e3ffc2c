"""Rules that do not hold in every release of Istio: kinds and fields that it does not have, and values that it refuses.

The other modules have the rules of all releases. An object that a release refuses takes no part.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.behaviour import Behaviour
from meshcompile.codes.models import FIELD_WITHOUT_EFFECT, NOT_IN_RELEASE
from meshcompile.diagnostics import Diagnostic, Severity
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
        return replace(place, rejected=place.severity is Severity.ERROR)
    field = place.origin.field or resource.kind
    return NOT_IN_RELEASE(place.origin, field=field, problem=place.problem, release=behaviour.name, rejected=True)


def _fields(*paths: str) -> Callable[[Resource], Iterator[Place]]:
    """The fields at these paths, which the release does not have."""

    steps = tuple(tuple(path.split(".")) for path in paths)

    def places(resource: Resource) -> Iterator[Place]:
        for path in steps:
            for origin in _written(resource, path):
                yield Place(origin, "it has no such field")

    return places


def _unread(path: str) -> Callable[[Resource], Iterator[Diagnostic]]:
    """The field at a path, which the release has and does not read."""

    def places(resource: Resource) -> Iterator[Diagnostic]:
        for origin in _written(resource, tuple(path.split("."))):
            yield FIELD_WITHOUT_EFFECT(origin, field=origin.field or path, why="this release of Istio does not read it")

    return places


def _written(node: Node, path: tuple[str, ...]) -> Iterator[Origin]:
    """The origins of a field, of each item of the lists above it."""
    *above, name = path
    yield from (each.at(name) for each in _nodes(node, above) if name in each.model_fields_set)


def _policy_fields(*paths: str) -> Callable[[Resource], Iterator[Place]]:
    """Fields of the traffic policies of a DestinationRule: of its whole host, its subsets, and their ports."""
    policies = ("spec.traffic_policy", "spec.subsets.traffic_policy")
    levels = tuple(f"{policy}{port}" for policy in policies for port in ("", ".port_level_settings"))
    return _fields(*(f"{level}.{path}" for level in levels for path in paths))


def _excluded_hosts(resource: Resource) -> Iterator[Place | Diagnostic]:
    """The hosts with `~` in releases where it is only the namespace that does not exist."""
    from meshcompile.models.networking.sidecar import Sidecar  # for a fast start: few kinds need it
    from meshcompile.validate.sidecar import overlapping_hosts

    assert isinstance(resource, Sidecar)
    for listener in resource.spec.egress:
        for index, host in enumerate(listener.hosts):
            namespace, _, name = host.partition("/")
            if name and namespace.startswith("~") and namespace != "~":
                yield Place(listener.at("hosts", index), f"`{host}` would exclude hosts, which it cannot")
        if any(host.startswith("~/") for host in listener.hosts):
            known = set(overlapping_hosts(listener, resource.namespace, with_excluded=False))
            overlapping = overlapping_hosts(listener, resource.namespace, with_excluded=True)
            yield from (finding for finding in overlapping if finding not in known)


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


def _nodes(node: Node, path: Sequence[str]) -> Sequence[Node]:
    """The nodes at a path, of each item of the lists on the way."""
    nodes: Sequence[Node] = (node,)
    for name in path:
        if not nodes:
            return ()
        values = (getattr(each, name, None) for each in nodes)
        items = (item for value in values for item in (value if isinstance(value, tuple) else (value,)))
        nodes = [item for item in items if isinstance(item, Node)]
    return nodes


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
    "DestinationRule": (
        ReleaseRule("slow_warmups", False, _slow_warmups),
        ReleaseRule("zone_aware_balancing", False, _policy_fields("load_balancer.zone_aware_lb_setting")),
        ReleaseRule("http2_keepalive", False, _policy_fields("connection_pool.http.http2_keep_alive")),
        ReleaseRule("http2_keepalive", False, _policy_fields("outlier_detection.outlier_detection_http_error_codes")),
        ReleaseRule(
            "retry_budget_interval",
            False,
            _fields(
                "spec.traffic_policy.retry_budget.budget_interval",
                "spec.subsets.traffic_policy.retry_budget.budget_interval",
            ),
        ),
    ),
    "EnvoyFilter": (
        ReleaseRule(
            "merge_replacing_lists",
            False,
            _values(
                "spec.config_patches.patch.operation",
                "it has no such operation",
                lambda operation: operation == "MERGE_AND_REPLACE_LIST",
            ),
        ),
    ),
    "Gateway": (ReleaseRule("any_client_certificate", False, _fields("spec.servers.tls.insecure_skip_verify")),),
    "HTTPRoute": (
        ReleaseRule("redirect_codes", False, _new_redirects),
        ReleaseRule(
            "routes_must_retry",
            True,
            _values("spec.rules.retry.attempts", "it must be at least 1", lambda attempts: attempts == 0),
        ),
    ),
    "ServiceEntry": (ReleaseRule("dynamic_sidecars", False, _dynamic_entries),),
    "Sidecar": (
        ReleaseRule("excluded_hosts", False, _excluded_hosts),
        ReleaseRule(
            "http2_keepalive",
            False,
            _fields(
                "spec.inbound_connection_pool.http.http2_keep_alive",
                "spec.ingress.connection_pool.http.http2_keep_alive",
            ),
        ),
        ReleaseRule("any_client_certificate", False, _fields("spec.ingress.tls.insecure_skip_verify")),
    ),
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
    "KubernetesGateway": (
        ReleaseRule("any_client_certificate", False, _unread("spec.tls.frontend.default.validation.mode")),
        ReleaseRule("any_client_certificate", False, _unread("spec.tls.frontend.per_port.tls.validation.mode")),
    ),
    "XBackendTrafficPolicy": (
        ReleaseRule("retry_budget_interval", False, _unread("spec.retry_constraint.budget.interval")),
    ),
    "VirtualService": (ReleaseRule("redirect_prefixes", False, _fields("spec.http.redirect.prefix_rewrite")),),
    "TrafficExtension": (ReleaseRule("traffic_extensions", False, _kind),),
}
"""The rules by kind."""
