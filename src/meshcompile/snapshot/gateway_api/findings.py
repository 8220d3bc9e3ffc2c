"""Findings about objects of the Gateway API: what istiod only says in their status, and what it never says."""

from collections.abc import Iterable, Iterator

from meshcompile.behaviour import Behaviour
from meshcompile.codes import gateway_api as codes
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.gateway_api.backend_policies import XBackendTrafficPolicy
from meshcompile.models.gateway_api.l4_routes import TCPRoute, TLSRoute, UDPRoute
from meshcompile.models.gateway_api.references import ParentReference
from meshcompile.models.networking.destination_rule import ClientTLSSettings
from meshcompile.snapshot.gateway_api.backend_policies import ConvertedPolicy
from meshcompile.snapshot.gateway_api.conditions import TOLERATED, Invalid
from meshcompile.snapshot.gateway_api.gateways import ConvertedListenerSet
from meshcompile.snapshot.gateway_api.listeners import ParentListener
from meshcompile.snapshot.gateway_api.parents import PARENTS, Attachment, closest_refusals
from meshcompile.snapshot.gateway_api.references import GroupKind
from meshcompile.snapshot.gateway_api.routes import ConvertedRoute
from meshcompile.snapshot.resources import ConfigStore


def findings(
    store: ConfigStore,
    listener_sets: Iterable[ConvertedListenerSet],
    listeners: Iterable[ParentListener],
    routes: Iterable[ConvertedRoute],
    policies: Iterable[ConvertedPolicy],
    *,
    behaviour: Behaviour,
) -> Iterator[Diagnostic]:
    """What does not take part, and why."""
    for each in listener_sets:
        if each.refused is not None:
            yield codes.LISTENER_SET_REFUSED(each.refused.origin, problem=each.refused.message)
    for listener in listeners:
        yield from _of_listener(listener)
    for route in routes:
        yield from _of_route(route)
    for policy in policies:
        yield from _of_policy(policy)
    yield from _unread(store, behaviour)


def _of_listener(listener: ParentListener) -> Iterator[Diagnostic]:
    for problem in listener.problems:
        yield codes.LISTENER_NOT_PROGRAMMED(problem.origin, listener=listener.listener.name, problem=problem.message)


def _of_route(route: ConvertedRoute) -> Iterator[Diagnostic]:
    kind = route.route.kind
    for ref in route.route.spec.parent_refs:
        attachments = [each for each in route.attachments if each.ref is ref]
        if not attachments and GroupKind(ref.group, ref.kind) in PARENTS:
            yield codes.NO_SUCH_PARENT(ref, kind=kind, parent=_named(ref, route.route.namespace))
        if denied := _refusal(attachments):
            yield codes.ROUTE_NOT_ATTACHED(
                denied.origin, kind=kind, parent=_named(ref, route.route.namespace), problem=denied.message
            )
    forwards = isinstance(route.route, TCPRoute | TLSRoute)
    consequence = "connections to this backend fail" if forwards else "requests for this backend get 500"
    for each in route.backends:
        yield codes.BACKEND_INVALID(each.origin, consequence=consequence, problem=each.message)
    yield from (codes.MIRROR_INVALID(each.origin, problem=each.message) for each in route.mirrors)
    for invalid in dict.fromkeys((route.invalid, route.invalid_in_mesh)):
        if invalid is not None and invalid.reason not in TOLERATED:
            yield codes.ROUTE_INVALID(invalid.origin, kind=kind, problem=invalid.message)


def _refusal(attachments: list[Attachment]) -> Invalid | None:
    """Why none of the listeners that a reference names accepts a route; None if one does."""
    return next(iter(closest_refusals(attachments)), None)


def _named(ref: ParentReference, namespace: str) -> str:
    return f"{ref.kind} {ref.namespace or namespace}/{ref.name}"


def _of_policy(policy: ConvertedPolicy) -> Iterator[Diagnostic]:
    for target in policy.targets:
        if target.invalid is not None:
            yield codes.POLICY_WITHOUT_TARGET(
                target.invalid.origin,
                kind=policy.policy.kind,
                target=f"{target.ref.kind} {target.ref.name}",
                problem=target.invalid.message.removeprefix("targetRefs invalid: "),
            )
    if policy.invalid is not None:
        yield codes.AUTHORITY_INVALID(policy.invalid.origin, problem=policy.invalid.message)
    elif policy.tls is not None and not policy.tls.subject_alt_names and any(each.hosts for each in policy.targets):
        yield _unchecked_name(policy.tls)


def _unchecked_name(tls: ClientTLSSettings) -> Diagnostic:
    """The finding about a BackendTLSPolicy that asks for no names: its host name is the SNI alone."""
    suggestion = f"add `subjectAltNames: [{{type: Hostname, hostname: {tls.sni}}}]`"
    return codes.BACKEND_NAME_UNCHECKED(tls.origin.at("hostname"), hostname=tls.sni, suggestion=suggestion)


def _unread(store: ConfigStore, behaviour: Behaviour) -> Iterator[Diagnostic]:
    """The objects of kinds that istiod does not read."""
    for route in store.all(UDPRoute):
        yield codes.UDP_ROUTE(route)
    if behaviour.alpha_gateway_api:
        return
    for kind, is_stable in (
        (TCPRoute, behaviour.stable_tcp_routes),
        (TLSRoute, behaviour.stable_tls_routes),
        (XBackendTrafficPolicy, False),
    ):
        for resource in () if is_stable else store.all(kind):
            yield codes.ALPHA_KIND(resource, kind=resource.kind)
