"""The CEL rules of the schema: what fields of one object must have to do with each other."""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

from meshcompile.codes import gateway_api as codes
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.models.base import Node, Resource
from meshcompile.models.gateway_api.backend_policies import BackendTLSPolicy
from meshcompile.models.gateway_api.filters import (
    GRPCRouteFilter,
    HTTPPathModifier,
    HTTPRequestMirrorFilter,
    HTTPRouteFilter,
)
from meshcompile.models.gateway_api.gateway import KubernetesGateway, Listener, ListenerSet
from meshcompile.models.gateway_api.grpc_route import GRPCMethodMatch, GRPCRoute
from meshcompile.models.gateway_api.http_route import HTTPPathMatch, HTTPRoute, HTTPRouteRule, HTTPRouteTimeouts
from meshcompile.models.gateway_api.l4_routes import TCPRoute, TLSRoute, UDPRoute
from meshcompile.models.gateway_api.references import BackendObjectReference, ParentReference
from meshcompile.models.gateway_api.session_persistence import SessionPersistence
from meshcompile.values.durations import Duration

Found = Iterator[Diagnostic]
N = TypeVar("N", bound=Node)

PATH = re.compile(r"(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+")
NOT_IN_PATH = ("//", "/./", "/../", "%2f", "%2F", "#")
NOT_AT_END = ("/..", "/.")
GRPC_SERVICE = re.compile(r"(?i)\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*")
GRPC_METHOD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
REPEATABLE = ("RequestMirror", "ExtensionRef", "ExternalAuth")
MOST_MATCHES = 128
WITHOUT_TLS = ("HTTP", "TCP", "UDP")
WITHOUT_HOSTNAME = ("TCP", "UDP")


def broken_rules(resource: Resource) -> Found:
    """The rules that an object breaks."""
    match resource:
        case KubernetesGateway():
            yield from _listeners(resource.spec.listeners)
            yield from _repeated(resource.spec.addresses, lambda each: (each.type, each.value), "address")
        case ListenerSet():
            yield from _listeners(resource.spec.listeners)
        case HTTPRoute() | GRPCRoute():
            yield from _parents(resource.spec.parent_refs)
            yield from _l7_rules(resource)
        case TCPRoute() | TLSRoute() | UDPRoute():
            yield from _parents(resource.spec.parent_refs)
        case BackendTLSPolicy():
            yield from _backend_tls(resource)
        case _:
            pass
    yield from _everywhere(resource)


def _broken(node: Node, field: str, problem: str) -> Diagnostic:
    origin = node.at(field)
    return codes.OUTSIDE_SCHEMA(origin, field=origin.field, problem=problem)


def _at(origin: Origin, problem: str) -> Diagnostic:
    return codes.OUTSIDE_SCHEMA(origin, field=origin.field, problem=problem)


def _repeated(nodes: Iterable[N], key: Callable[[N], Hashable], what: str) -> Found:
    """Nodes whose key another one before has."""
    seen: Counter[Hashable] = Counter()
    for node in nodes:
        seen[key(node)] += 1
        if seen[key(node)] > 1:
            yield _at(node.origin, f"repeats an earlier {what}")


# ---- Gateways


def _listeners(listeners: tuple[Listener, ...]) -> Found:
    yield from _repeated(listeners, lambda each: each.name, "name of a listener")
    yield from _repeated(
        listeners, lambda each: (each.port, each.protocol, each.hostname), "port, protocol and hostname"
    )
    for listener in listeners:
        yield from _listener(listener)


def _listener(listener: Listener) -> Found:
    tls, protocol = listener.tls, listener.protocol
    if protocol in WITHOUT_TLS and tls is not None:
        yield _broken(listener, "tls", f"must not be set for protocol {protocol}")
    if protocol in WITHOUT_HOSTNAME and listener.hostname:
        yield _broken(listener, "hostname", f"must not be set for protocol {protocol}")
    if protocol == "TLS" and tls is None:
        yield _broken(listener, "tls", "must be set for protocol TLS")
    if tls is None:
        return
    if protocol == "HTTPS" and tls.mode != "Terminate":
        yield _broken(tls, "mode", "must be Terminate for protocol HTTPS")
    if tls.mode == "Terminate" and not (tls.certificate_refs or tls.options):
        yield _broken(tls, "certificate_refs", "must be set, or options, for mode Terminate")


# ---- routes


def _parents(refs: tuple[ParentReference, ...]) -> Found:
    """References to one parent must each name a section or port of their own."""
    groups: dict[Hashable, list[ParentReference]] = {}
    for ref in refs:
        groups.setdefault((ref.group, ref.kind, ref.namespace, ref.name), []).append(ref)
    for group in groups.values():
        yield from _repeated(group, lambda each: (each.section_name, each.port), "reference to the parent")
        if len(group) > 1 and not all(ref.section_name or ref.port for ref in group):
            yield _at(group[0].origin, "must name a section or a port, because several references name the parent")


def _l7_rules(route: HTTPRoute | GRPCRoute) -> Found:
    rules = route.spec.rules
    if sum(len(rule.matches) for rule in rules) > MOST_MATCHES:
        yield _broken(route.spec, "rules", f"must have at most {MOST_MATCHES} matches in all")
    named = [rule for rule in rules if rule.name]
    yield from _repeated(named, lambda each: each.name, "name of a rule")
    for rule in rules:
        yield from _filters(rule.filters, rule)
        for backend in rule.backend_refs:
            yield from _filters(backend.filters, rule)
        if isinstance(rule, HTTPRouteRule):
            yield from _redirect_and_backends(rule)


def _redirect_and_backends(rule: HTTPRouteRule) -> Found:
    if rule.backend_refs and any(each.request_redirect is not None for each in rule.filters):
        yield _broken(rule, "backend_refs", "must not be set beside a RequestRedirect filter")


def _filters(filters: tuple[HTTPRouteFilter, ...] | tuple[GRPCRouteFilter, ...], rule: Node) -> Found:
    types = Counter(each.type for each in filters)
    for kind, count in types.items():
        if count > 1 and kind not in REPEATABLE:
            yield _broken(rule, "filters", f"must have at most one filter of type {kind}")
    if types["RequestRedirect"] and types["URLRewrite"]:
        yield _broken(rule, "filters", "must not have both RequestRedirect and URLRewrite")
    for each in filters:
        yield from _filter(each)
        if isinstance(each, HTTPRouteFilter):
            yield from _prefix_replacement(each, rule)


def _filter(wanted: HTTPRouteFilter | GRPCRouteFilter) -> Found:
    for kind, field in wanted.settings.items():
        is_set = getattr(wanted, field) is not None
        if is_set and wanted.type != kind:
            yield _broken(wanted, field, f"must not be set for type {wanted.type}")
        elif not is_set and wanted.type == kind:
            yield _broken(wanted, field, f"must be set for type {kind}")


def _prefix_replacement(wanted: HTTPRouteFilter, rule: Node) -> Found:
    """A replacement of the matched prefix needs exactly one match, of a prefix."""
    modifiers = [each.path for each in (wanted.request_redirect, wanted.url_rewrite) if each is not None]
    for path in modifiers:
        if path is None or path.type != "ReplacePrefixMatch" or not isinstance(rule, HTTPRouteRule):
            continue
        if len(rule.matches) != 1 or rule.matches[0].path.type != "PathPrefix":
            yield _broken(path, "type", "needs exactly one match in the rule, of type PathPrefix")


# ---- policies


def _backend_tls(policy: BackendTLSPolicy) -> Found:
    validation = policy.spec.validation
    if validation.ca_certificate_refs and validation.well_known_ca_certificates:
        yield _broken(validation, "ca_certificate_refs", "must not be set beside wellKnownCACertificates")
    if not (validation.ca_certificate_refs or validation.well_known_ca_certificates):
        yield _broken(validation, "ca_certificate_refs", "must be set, or wellKnownCACertificates")
    for name in validation.subject_alt_names:
        for kind, field in (("Hostname", "hostname"), ("URI", "uri")):
            if bool(getattr(name, field)) != (name.type == kind):
                yield _broken(name, field, f"must {'be' if name.type == kind else 'not be'} set for type {name.type}")


# ---- parts that several kinds have


def _everywhere(node: Node) -> Found:
    """The rules on parts of an object, wherever they are."""
    yield from _part(node)
    for field in type(node).model_fields:
        value = getattr(node, field)
        for below in value if isinstance(value, tuple) else (value,):
            if isinstance(below, Node):
                yield from _everywhere(below)


def _part(node: Node) -> Found:
    match node:
        case BackendObjectReference(group="", kind="Service", port=None):
            yield _broken(node, "port", "must be set for a Service")
        case HTTPPathModifier():
            yield from _path_modifier(node)
        case HTTPPathMatch(type="Exact" | "PathPrefix"):
            yield from _path(node)
        case GRPCMethodMatch():
            yield from _grpc_method(node)
        case HTTPRequestMirrorFilter():
            yield from _mirror(node)
        case HTTPRouteTimeouts():
            yield from _timeouts(node)
        case SessionPersistence():
            yield from _session(node)
        case _:
            return


def _path_modifier(path: HTTPPathModifier) -> Found:
    fields = (("ReplaceFullPath", "replace_full_path"), ("ReplacePrefixMatch", "replace_prefix_match"))
    for kind, field in fields:
        if (getattr(path, field) is not None) != (path.type == kind):
            yield _broken(path, field, f"must {'be' if path.type == kind else 'not be'} set for type {path.type}")


def _path(path: HTTPPathMatch) -> Found:
    if not path.value.startswith("/"):
        yield _broken(path, "value", f"must start with `/` for type {path.type}")
    for text in NOT_IN_PATH:
        if text in path.value:
            yield _broken(path, "value", f"must not contain `{text}` for type {path.type}")
    for text in NOT_AT_END:
        if path.value.endswith(text):
            yield _broken(path, "value", f"must not end with `{text}` for type {path.type}")
    if not PATH.fullmatch(path.value):
        yield _broken(path, "value", f"has a character that a path of type {path.type} cannot have")


def _grpc_method(match: GRPCMethodMatch) -> Found:
    if match.service is None and match.method is None:
        yield _broken(match, "service", "must be set, or method")
    if match.type != "Exact":
        return
    if match.service is not None and not GRPC_SERVICE.fullmatch(match.service):
        yield _broken(match, "service", f"is `{match.service}`, which is no name of a gRPC service")
    if match.method is not None and not GRPC_METHOD.fullmatch(match.method):
        yield _broken(match, "method", f"is `{match.method}`, which is no name of a gRPC method")


def _mirror(mirror: HTTPRequestMirrorFilter) -> Found:
    if mirror.percent is not None and mirror.fraction is not None:
        yield _broken(mirror, "percent", "must not be set beside fraction")
    fraction = mirror.fraction
    if fraction is not None and fraction.numerator > fraction.denominator:
        yield _broken(fraction, "numerator", "must not be greater than denominator")


def _timeouts(timeouts: HTTPRouteTimeouts) -> Found:
    request, backend = _duration(timeouts.request), _duration(timeouts.backend_request)
    if request and backend and backend > request:
        yield _broken(timeouts, "backend_request", "must not be longer than request")


def _duration(text: str | None) -> int:
    try:
        return Duration.parse(text).nanoseconds if text else 0
    except ValueError:
        return 0


def _session(session: SessionPersistence) -> Found:
    if session.cookie_config is None:
        return
    if session.type != "Cookie":
        yield _broken(session, "cookie_config", "must not be set for type Header")
    if session.cookie_config.lifetime_type == "Permanent" and session.absolute_timeout is None:
        yield _broken(session, "absolute_timeout", "must be set for a permanent cookie")
