"""The statuses of BackendTLSPolicies and XBackendTrafficPolicies. Follows istiod's `backend_policies.go`."""

from collections.abc import Iterable, Iterator, Mapping

from meshcompile.models.gateway_api.backend_policies import BackendTLSPolicy
from meshcompile.models.gateway_api.references import LocalObjectReference, LocalPolicyTargetReferenceWithSectionName
from meshcompile.snapshot.gateway_api.backend_policies import IGNORE, ConvertedPolicy, is_ignored
from meshcompile.snapshot.gateway_api.classes import Controller
from meshcompile.snapshot.gateway_api.conditions import Invalid, StatusCondition, condition
from meshcompile.snapshot.gateway_api.parents import Route
from meshcompile.snapshot.gateway_api.references import GATEWAY, GroupKind
from meshcompile.snapshot.gateway_api.routes import ConvertedRoute
from meshcompile.status.objects import PolicyStatus, Reference, ReferenceStatus

VALID = "Configuration is valid"
IGNORED = f"Ignored by Istio due to annotation {IGNORE}=true"
MOST_ANCESTORS = 16

Backend = tuple[GroupKind, str, str]  # kind, namespace and name
GatewayName = tuple[str, str]  # namespace and name


def policy_status(policy: ConvertedPolicy, gateways: Mapping[Backend, Iterable[GatewayName]]) -> PolicyStatus:
    """The status of a policy. `gateways` are those whose routes lead to a backend."""
    if is_ignored(policy.policy):
        return PolicyStatus(tuple(_ignored(policy))[:MOST_ANCESTORS])
    return PolicyStatus((*_targets(policy), *_gateways(policy, gateways))[:MOST_ANCESTORS])


def _ignored(policy: ConvertedPolicy) -> Iterator[ReferenceStatus]:
    place = policy.policy.origin.at("metadata", "annotations", IGNORE)
    ignored = condition("Accepted", "Accepted", VALID, Invalid("IgnoredByIstio", IGNORED, place))
    for ref in policy.policy.spec.target_refs:
        yield ReferenceStatus(_reference(ref), Controller.WAYPOINT, (ignored,), ref.origin)


def _targets(policy: ConvertedPolicy) -> Iterator[ReferenceStatus]:
    """One entry per target. What is wrong with one target is also said of those after it."""
    invalid = policy.invalid
    for target in policy.targets:
        invalid = target.invalid or invalid
        conditions = tuple(_conditions(policy, invalid, target.ref))
        yield ReferenceStatus(_reference(target.ref), Controller.WAYPOINT, conditions, target.ref.origin)


def _gateways(policy: ConvertedPolicy, gateways: Mapping[Backend, Iterable[GatewayName]]) -> Iterator[ReferenceStatus]:
    """One entry per Gateway, by namespace and name; the entry has no namespace."""
    if not isinstance(policy.policy, BackendTLSPolicy):
        return
    found = {
        gateway
        for target in policy.targets
        if target.target is not None
        for gateway in gateways.get((_kind(target.ref), policy.policy.namespace, target.ref.name), ())
    }
    invalid = next((each.invalid for each in reversed(policy.targets) if each.invalid is not None), policy.invalid)
    for _, name in sorted(found, key="/".join):
        conditions = tuple(_conditions(policy, invalid, policy.targets[0].ref))
        yield ReferenceStatus(Reference(*GATEWAY, name), Controller.GATEWAY, conditions, policy.policy.origin)


def _conditions(
    policy: ConvertedPolicy, invalid: Invalid | None, ref: LocalObjectReference
) -> Iterator[StatusCondition]:
    yield condition("Accepted", "Accepted", f"{VALID}{policy.warning}", invalid, ref.origin)
    if isinstance(policy.policy, BackendTLSPolicy):
        yield condition("ResolvedRefs", "ResolvedRefs", VALID, policy.unresolved, ref.origin)


def _reference(ref: LocalObjectReference) -> Reference:
    section = ref.section_name if isinstance(ref, LocalPolicyTargetReferenceWithSectionName) else None
    return Reference(ref.group, ref.kind, ref.name, section_name=section)


def _kind(ref: LocalObjectReference) -> GroupKind:
    return GroupKind(ref.group, ref.kind)


def gateways_of_backends(routes: Iterable[ConvertedRoute]) -> Mapping[Backend, set[GatewayName]]:
    """The Gateways that routes with a backend name as parents, whether or not they accept the routes."""
    found: dict[Backend, set[GatewayName]] = {}
    for route in routes:
        gateways = set(_parents(route.route))
        for backend in _backends(route.route):
            found.setdefault(backend, set()).update(gateways)
    return found


def _parents(route: Route) -> Iterator[GatewayName]:
    for ref in route.spec.parent_refs:
        if GroupKind(ref.group, ref.kind) == GATEWAY:
            yield ref.namespace or route.namespace, ref.name


def _backends(route: Route) -> Iterator[Backend]:
    for rule in route.spec.rules:
        for ref in rule.backend_refs:
            yield GroupKind(ref.group, ref.kind), ref.namespace or route.namespace, ref.name
