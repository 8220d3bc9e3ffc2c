"""Preflight requests that policies at a gateway deny before the CORS policy can answer them."""

from collections.abc import Iterable, Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.policies import labels_of, policies_of, token_conditions
from meshcompile.codes.policy_effects import PREFLIGHT_DENIED
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.documents import Origin
from meshcompile.models.networking.gateway import Gateway
from meshcompile.models.networking.virtual_service import VirtualService
from meshcompile.models.security.authorization_policy import AuthorizationPolicy, AuthorizationPolicyAction, Rule
from meshcompile.snapshot.policy_targets import targets
from meshcompile.values.labels import selects

PREFLIGHT = "OPTIONS"


def denied_preflights(context: Context) -> Iterator[Diagnostic]:
    """A finding for each condition that denies preflight requests for a CORS policy at a gateway."""
    reported: set[Origin] = set()
    for virtual_service in context.resources.all(VirtualService):
        cors = next((rule.cors_policy for rule in virtual_service.spec.http if rule.cors_policy is not None), None)
        if cors is None:
            continue
        for gateway in context.gateways_of(virtual_service):
            place = _denial(tuple(_policies(context, gateway)))
            if place is not None and place not in reported:
                reported.add(place)
                yield PREFLIGHT_DENIED(
                    place,
                    gateway=gateway.full_name,
                    virtual_service=virtual_service.full_name,
                    suggestion="add a rule for the method OPTIONS",
                    related=(Related("the CORS policy", cors.origin),),
                )


def _policies(context: Context, gateway: Gateway) -> Iterator[AuthorizationPolicy]:
    """The policies of a Gateway's workloads, or of the assumed ingress gateway."""
    pod = next(context.pods.selected(gateway.spec.selector), None) if gateway.spec.selector else None
    if pod is not None:
        yield from policies_of(context, pod)
    elif context.namespaces_of(gateway):
        for namespace in context.namespaces_of(gateway):
            for policy in context.snapshot.authorization.by_namespace.get(namespace, ()):
                if not targets(policy.spec) and selects(labels_of(policy.spec), gateway.spec.selector):
                    yield policy


def _denial(policies: Iterable[AuthorizationPolicy]) -> Origin | None:
    """The position of the condition that denies every preflight request, or None if some policy may allow it."""
    allowing = [rule for policy in policies if policy.spec.action is _ALLOW for rule in policy.spec.rules]
    if allowing and not any(_may_match(rule) for rule in allowing):
        place = next(token_conditions(allowing), None)
        return None if place is None else place()
    denying = (rule for policy in policies if policy.spec.action is _DENY for rule in policy.spec.rules)
    return next((place for rule in denying for place in _without_token(rule)), None)


_ALLOW, _DENY = AuthorizationPolicyAction.ALLOW, AuthorizationPolicyAction.DENY


def _may_match(rule: Rule) -> bool:
    """True if a request without a token and with method OPTIONS may match. Other conditions are assumed to match."""
    sources = [part.source for part in rule.from_ if part.source is not None]
    needs_token = bool(sources) and all(source.request_principals for source in sources)
    if needs_token or any(True for _ in token_conditions([Rule(when=rule.when)])):
        return False
    return _takes_options(rule)


def _takes_options(rule: Rule) -> bool:
    operations = [each.operation for each in rule.to if each.operation is not None]
    return not operations or any(
        (not operation.methods or not {"*", PREFLIGHT}.isdisjoint(operation.methods))
        and PREFLIGHT not in operation.not_methods
        for operation in operations
    )


def _without_token(rule: Rule) -> Iterator[Origin]:
    """The positions of `notRequestPrincipals: ["*"]` in a rule without paths or hosts that matches OPTIONS."""
    operations = [part.operation for part in rule.to if part.operation is not None]
    is_limited = rule.when or any(part.paths or part.not_paths or part.hosts or part.not_hosts for part in operations)
    if is_limited or not _takes_options(rule):
        return
    for source in (part.source for part in rule.from_):
        if source is not None and "*" in source.not_request_principals:
            yield source.at("not_request_principals", 0)
