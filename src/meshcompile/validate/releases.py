"""Rules that do not hold in every release of Istio: kinds and fields that it does not have, and values that it refuses.

The other modules have the rules of all releases. An object that a release refuses takes no part.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.behaviour import Behaviour
from meshcompile.codes.envoy_filters import LONG_PROXY_VERSION
from meshcompile.codes.models import FIELD_WITHOUT_EFFECT, NOT_IN_RELEASE
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.documents import Origin
from meshcompile.models.base import Node, Resource
from meshcompile.validate.checks import bounds

FieldTree = dict[str, "FieldTree"]
"""Names of fields with the fields below them. A leaf has none."""


class Place(Struct, frozen=True):
    """A part of an object that a release refuses, and why."""

    origin: Origin
    problem: str


PlacesOf = Callable[[Resource], Iterable[Place | Diagnostic]]
"""What a release refuses in an object: a place, or a finding that says more than that the release refuses it."""


class ReleaseRule(Struct, frozen=True):
    """What the objects of a kind must not have in releases where a field of Behaviour has a value."""

    field: str
    refuses: bool
    """The value of the field with which the rule applies."""
    places: PlacesOf


def release_violations(resource: Resource, behaviour: Behaviour) -> tuple[Diagnostic, ...]:
    """Findings about what this release of Istio refuses, and others do not."""
    refused = _refused_places(type(resource).__name__, behaviour)
    if not refused:
        return ()
    return tuple(_finding(place, resource, behaviour) for places in refused for place in places(resource))


@cache
def _refused_places(kind: str, behaviour: Behaviour) -> tuple[PlacesOf, ...]:
    """What a release refuses in the objects of a kind."""
    new = NEW_FIELDS.get(kind, {})
    unknown = _tree(path for field, paths in new.items() if not getattr(behaviour, field) for path in paths)
    rules = tuple(rule.places for rule in RULES.get(kind, ()) if getattr(behaviour, rule.field) is rule.refuses)
    return (_unknown_fields(unknown), *rules) if unknown else rules


def _unknown_fields(fields: FieldTree) -> PlacesOf:
    """The fields of an object that a release does not have."""
    return lambda resource: [Place(node.at(name), "it has no such field") for node, name in _written(resource, fields)]


def _finding(place: Place | Diagnostic, resource: Resource, behaviour: Behaviour) -> Diagnostic:
    if isinstance(place, Diagnostic):
        return replace(place, rejected=place.severity is Severity.ERROR)
    field = place.origin.field or resource.kind
    return NOT_IN_RELEASE(place.origin, field=field, problem=place.problem, release=behaviour.name, rejected=True)


def _unread(path: str) -> PlacesOf:
    """The field at a path, which the release has and does not read."""
    fields = _tree((path,))

    def places(resource: Resource) -> Iterator[Diagnostic]:
        for node, name in _written(resource, fields):
            origin = node.at(name)
            yield FIELD_WITHOUT_EFFECT(origin, field=origin.field or path, why="this release of Istio does not read it")

    return places


def _tree(paths: Iterable[str]) -> FieldTree:
    """Paths as a tree, so that what they have in common is walked once."""
    tree: FieldTree = {}
    for path in paths:
        below = tree
        for name in path.split("."):
            below = below.setdefault(name, {})
    return tree


def _written(node: Node, fields: FieldTree) -> Iterator[tuple[Node, str]]:
    """The leaves of a tree that an object has, each as its node and name, in each item of the lists above them."""
    written = node.model_fields_set
    for name, below in fields.items():
        if name not in written:
            continue
        if not below:
            yield node, name
            continue
        for each in _nodes_of(getattr(node, name)):
            yield from _written(each, below)


def _policy_fields(*paths: str) -> tuple[str, ...]:
    """Fields of the traffic policies of a DestinationRule: of its whole host, its subsets, and their ports."""
    policies = ("spec.traffic_policy", "spec.subsets.traffic_policy")
    levels = tuple(f"{policy}{port}" for policy in policies for port in ("", ".port_level_settings"))
    return tuple(f"{level}.{path}" for level in levels for path in paths)


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


def _values(path: str, problem: str, refused: Callable[[object], bool]) -> PlacesOf:
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
        nodes = [below for each in nodes for below in _nodes_of(getattr(each, name, None))]
    return nodes


def _nodes_of(value: object) -> Sequence[Node]:
    """The nodes in the value of a field: itself, or the items of a list."""
    if isinstance(value, tuple):
        return [item for item in value if isinstance(item, Node)]
    return (value,) if isinstance(value, Node) else ()


def _slow_warmups(resource: Resource) -> Iterator[Diagnostic]:
    """Warmups that are valid in releases that accept any aggression above 0."""
    for warmup, name in _written(resource, WARMUP_AGGRESSIONS):
        aggression = getattr(warmup, name)
        if aggression is not None and 0 < aggression < 1:
            yield bounds(warmup, name, aggression, "at least 1")


def _new_redirects(resource: Resource) -> Iterator[Place | Diagnostic]:
    for filters in ("spec.rules.filters", "spec.rules.backend_refs.filters"):
        path = f"{filters}.request_redirect.status_code"
        yield from _values(path, "it must be 301 or 302", lambda code: code not in (301, 302))(resource)


def _long_versions(resource: Resource) -> Iterator[Diagnostic]:
    """Expressions for versions of proxies that are too long to be tried."""
    from meshcompile.models.networking.envoy_filter import LONGEST_EXPRESSION, EnvoyFilter  # for a fast start

    assert isinstance(resource, EnvoyFilter)
    for patch in resource.spec.config_patches:
        match = None if patch.match is None else patch.match.proxy
        if match is not None and (length := len(match.proxy_version)) > LONGEST_EXPRESSION:
            yield LONG_PROXY_VERSION(match.at("proxy_version"), length=length, limit=LONGEST_EXPRESSION)


def _trust_domain_keys(resource: Resource) -> Iterator[Place | Diagnostic]:
    path = "spec.rules.when.key"
    yield from _values(path, "it has no such key", lambda key: key == "source.trustDomain")(resource)


def _version(version: str) -> PlacesOf:
    """The version of an object that has this one."""

    def places(resource: Resource) -> Iterator[Place]:
        if resource.api_version.rpartition("/")[2] == version:
            yield Place(resource.at("api_version"), f"it has no version {version} of the kind")

    return places


def _dynamic_entries(resource: Resource) -> Iterator[Place | Diagnostic]:
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


WARMUP_AGGRESSIONS = _tree(_policy_fields("load_balancer.warmup.aggression"))

NEW_FIELDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "AuthorizationPolicy": {
        "trust_domain_sources": ("spec.rules.from_.source.trust_domains", "spec.rules.from_.source.not_trust_domains"),
    },
    "DestinationRule": {
        "zone_aware_balancing": _policy_fields("load_balancer.zone_aware_lb_setting"),
        "http2_keepalive": _policy_fields(
            "connection_pool.http.http2_keep_alive", "outlier_detection.outlier_detection_http_error_codes"
        ),
        "retry_budget_interval": (
            "spec.traffic_policy.retry_budget.budget_interval",
            "spec.subsets.traffic_policy.retry_budget.budget_interval",
        ),
    },
    "Gateway": {"any_client_certificate": ("spec.servers.tls.insecure_skip_verify",)},
    "Sidecar": {
        "http2_keepalive": (
            "spec.inbound_connection_pool.http.http2_keep_alive",
            "spec.ingress.connection_pool.http.http2_keep_alive",
        ),
        "any_client_certificate": ("spec.ingress.tls.insecure_skip_verify",),
    },
    "Telemetry": {"context_propagation": ("spec.tracing.disable_context_propagation",)},
    "VirtualService": {"redirect_prefixes": ("spec.http.redirect.prefix_rewrite",)},
}
"""By kind, and by field of Behaviour: the fields that a release does not have if its Behaviour is false there."""

RULES: Mapping[str, tuple[ReleaseRule, ...]] = {
    "AuthorizationPolicy": (ReleaseRule("trust_domain_sources", False, _trust_domain_keys),),
    "DestinationRule": (ReleaseRule("slow_warmups", False, _slow_warmups),),
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
        ReleaseRule("short_proxy_versions", True, _long_versions),
    ),
    "HTTPRoute": (
        ReleaseRule("redirect_codes", False, _new_redirects),
        ReleaseRule(
            "routes_must_retry",
            True,
            _values("spec.rules.retry.attempts", "it must be at least 1", lambda attempts: attempts == 0),
        ),
    ),
    "ServiceEntry": (ReleaseRule("dynamic_sidecars", False, _dynamic_entries),),
    "Sidecar": (ReleaseRule("excluded_hosts", False, _excluded_hosts),),
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
    "KubernetesGateway": (
        ReleaseRule("any_client_certificate", False, _unread("spec.tls.frontend.default.validation.mode")),
        ReleaseRule("any_client_certificate", False, _unread("spec.tls.frontend.per_port.tls.validation.mode")),
    ),
    "XBackendTrafficPolicy": (
        ReleaseRule("retry_budget_interval", False, _unread("spec.retry_constraint.budget.interval")),
    ),
    "TrafficExtension": (ReleaseRule("traffic_extensions", False, _kind),),
}
"""By kind: what releases refuse beyond new fields."""
