"""The conditions of AuthorizationPolicies in ambient meshes: what ztunnel and waypoints make of them.

Follows istiod's `convertAuthorizationPolicy`, `WaypointPolicyStatusCollection` and `flattenConditions`.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from meshcompile.models.common import PolicyTargetReference
from meshcompile.models.gateway_api.gateway import GatewayClass
from meshcompile.models.security.authorization_policy import (
    AuthorizationPolicy,
    AuthorizationPolicyAction,
)
from meshcompile.resolve.security.authorization import DRY_RUN_ANNOTATION, is_dry_run
from meshcompile.snapshot.ambient.services import AmbientService
from meshcompile.snapshot.ambient.waypoints import Waypoint
from meshcompile.snapshot.gateway_api.classes import Controller
from meshcompile.snapshot.gateway_api.conditions import StatusCondition
from meshcompile.snapshot.service import Registry
from meshcompile.status.objects import OwnConditions
from meshcompile.ztunnel.attributes import http_attributes

ZTUNNEL, WAYPOINT = "ZtunnelAccepted", "WaypointAccepted"
ACCEPTED, UNSUPPORTED = "Accepted", "UnsupportedValue"
HTTP_RULES = (
    "ztunnel does not support HTTP attributes (found: {found}). In ambient mode you must use a waypoint proxy to "
    "enforce HTTP rules. {effect} This will be more restrictive than requested."
)
EFFECTS: Mapping[AuthorizationPolicyAction, str] = {
    AuthorizationPolicyAction.ALLOW: "Within an ALLOW policy, rules matching HTTP attributes are omitted.",
    AuthorizationPolicyAction.DENY: "DENY policy with HTTP attributes is enforced without the HTTP rules.",
}
"""What becomes of rules with HTTP attributes, by the actions that ztunnel supports."""


class PolicyTargets(Struct, frozen=True):
    """The objects that policies of an ambient mesh can be attached to. Services are by registry, namespace and name."""

    classes: Mapping[str, GatewayClass]
    waypoints: Mapping[tuple[str, str], Waypoint]
    services: Mapping[tuple[Registry, str, str], AmbientService]
    root_namespace: str


def policy_conditions(policy: AuthorizationPolicy, targets: PolicyTargets) -> OwnConditions:
    """The conditions of a policy: of ztunnel, or of the waypoints that it names."""
    return OwnConditions((*_of_ztunnel(policy), *_of_waypoints(policy, targets)))


# ---- ztunnel


def _of_ztunnel(policy: AuthorizationPolicy) -> Iterator[StatusCondition]:
    spec = policy.spec
    if is_dry_run(policy):
        place = policy.origin.at("metadata", "annotations", DRY_RUN_ANNOTATION)
        message = (
            f'found policy "{policy.namespace}/{policy.name}" using dry-run annotation, but support for ambient '
            "dry-run authorizationPolicies isn't enabled"
        )
        yield StatusCondition(ZTUNNEL, "False", UNSUPPORTED, message, place)
    elif _targets(policy):
        return
    elif spec.action not in EFFECTS:
        message = f"ztunnel does not support the {spec.action} action"
        yield StatusCondition(ZTUNNEL, "False", UNSUPPORTED, message, spec.at("action"))
    else:
        yield _of_rules(policy)


def _of_rules(policy: AuthorizationPolicy) -> StatusCondition:
    """The condition of a policy that ztunnel enforces, wholly or without its HTTP attributes."""
    found = [attribute for rule in policy.spec.rules for attribute in http_attributes(rule)]
    if not found:
        return StatusCondition(ZTUNNEL, "True", ACCEPTED, "attached to ztunnel", policy.origin)
    names = ", ".join(sorted({name for name, _ in found}))
    message = HTTP_RULES.format(found=names, effect=EFFECTS[policy.spec.action])
    first = min((place for _, place in found), key=lambda place: place.position)
    return StatusCondition(ZTUNNEL, "True", UNSUPPORTED, message, first)


# ---- waypoints


class TargetBinding(Struct, frozen=True):
    """What a target of a policy makes of it."""

    bound: bool
    reason: str
    message: str


NOT_FOUND = TargetBinding(False, "TargetNotFound", "not bound")


def _of_waypoints(policy: AuthorizationPolicy, targets: PolicyTargets) -> Iterator[StatusCondition]:
    bindings = [(ref, _binding(ref, policy, targets)) for ref in _targets(policy)]
    match bindings:
        case []:
            return
        case [(ref, only)]:
            yield StatusCondition(WAYPOINT, "True" if only.bound else "False", only.reason, only.message, ref.origin)
        case _:
            yield _together(policy, bindings)


def _targets(policy: AuthorizationPolicy) -> tuple[PolicyTargetReference, ...]:
    spec = policy.spec
    return spec.target_refs or (() if spec.target_ref is None else (spec.target_ref,))


def _together(
    policy: AuthorizationPolicy, bindings: list[tuple[PolicyTargetReference, TargetBinding]]
) -> StatusCondition:
    """One condition for several targets: it is True if the policy is bound to one of them."""
    unbound = [ref for ref, binding in bindings if not binding.bound]
    names = (f"{ref.kind}.{ref.group or 'core'}:{ref.namespace or policy.namespace}/{ref.name}" for ref in unbound)
    message = f"Invalid targetRefs: {', '.join(names)}" if unbound else ""
    if len(unbound) == len(bindings):
        return StatusCondition(WAYPOINT, "False", "Invalid", message, unbound[0].origin)
    reason, place = ("PartiallyInvalid", unbound[0].origin) if unbound else (ACCEPTED, bindings[0][0].origin)
    return StatusCondition(WAYPOINT, "True", reason, message, place)


def _binding(ref: PolicyTargetReference, policy: AuthorizationPolicy, targets: PolicyTargets) -> TargetBinding:
    namespace = ref.namespace or policy.namespace
    match ref.kind:
        case "GatewayClass":
            return _of_class(ref.name, namespace, targets)
        case "Gateway":
            waypoint = targets.waypoints.get((namespace, ref.name))
            return NOT_FOUND if waypoint is None else TargetBinding(True, ACCEPTED, f"bound to {waypoint.full_name}")
        case "Service" | "ServiceEntry":
            registry = Registry.KUBERNETES if ref.kind == "Service" else Registry.EXTERNAL
            service = targets.services.get((registry, namespace, ref.name))
            return _of_service(f"{ref.kind} {namespace}/{ref.name}", service)
        case _:
            return TargetBinding(False, "unknown", "not bound")


def _of_class(name: str, namespace: str, targets: PolicyTargets) -> TargetBinding:
    if namespace != targets.root_namespace:
        root = targets.root_namespace
        message = f"AuthorizationPolicy must be in the root namespace `{root}` when referencing a GatewayClass"
        return TargetBinding(False, "Invalid", message)
    found = targets.classes.get(name)
    if found is None:
        return NOT_FOUND
    if found.spec.controller_name != Controller.WAYPOINT:
        message = f"GatewayClass must use controller name `{Controller.WAYPOINT}` for waypoints"
        return TargetBinding(False, "Invalid", message)
    return TargetBinding(True, ACCEPTED, f"bound to {name}")


def _of_service(name: str, service: AmbientService | None) -> TargetBinding:
    if service is None:
        return TargetBinding(False, "TargetNotFound", f"{name} was not found")
    waypoint = service.attachment.waypoint
    if waypoint is None:
        return TargetBinding(False, "AncestorNotBound", f"{name} is not bound to a waypoint")
    return TargetBinding(True, ACCEPTED, f"bound to {waypoint.full_name}")
