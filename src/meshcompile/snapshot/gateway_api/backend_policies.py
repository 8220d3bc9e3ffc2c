"""BackendTLSPolicies and XBackendTrafficPolicies, as one DestinationRule for each Service or host.

Follows istiod's `backend_policies.go`.
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from msgspec import Struct

from meshcompile.behaviour import Behaviour
from meshcompile.models.base import ObjectMeta, placed
from meshcompile.models.common import PortSelector
from meshcompile.models.gateway_api.backend_policies import (
    BackendTLSPolicy,
    BackendTLSPolicyValidation,
    XBackendTrafficPolicy,
)
from meshcompile.models.gateway_api.references import LocalObjectReference
from meshcompile.models.kubernetes.service import Service, ServicePort
from meshcompile.models.networking.destination_rule import (
    ClientTLSMode,
    ClientTLSSettings,
    DestinationRule,
    DestinationRuleSpec,
    LoadBalancerSettings,
    PortTrafficPolicy,
    RetryBudget,
    TrafficPolicy,
)
from meshcompile.models.networking.service_entry import ServiceEntry
from meshcompile.models.networking.service_entry import ServicePort as EntryPort
from meshcompile.snapshot.gateway_api.authorities import backend_authorities
from meshcompile.snapshot.gateway_api.conditions import Invalid
from meshcompile.snapshot.gateway_api.listeners import GENERATED
from meshcompile.snapshot.gateway_api.references import SERVICE, SERVICE_ENTRY, GroupKind
from meshcompile.snapshot.gateway_api.referents import Referents
from meshcompile.snapshot.resources import (
    BEFORE_EVERYTHING,
    NO_CREATION_TIME,
    ConfigStore,
    oldest_first_by_namespace,
)
from meshcompile.values.durations import Duration
from meshcompile.values.hosts import CLUSTER_DOMAIN

IGNORE = "istio.io/ignore-policy-attachment"
UNSUPPORTED_PERSISTENCE = ", but Istio does not support the following fields: sessionPersistence"

Policy: TypeAlias = BackendTLSPolicy | XBackendTrafficPolicy
Target: TypeAlias = Service | ServiceEntry


class PolicyTarget(Struct, frozen=True):
    """One target of a policy: the hosts that it is for, or why there are none. `port` is the name of a port."""

    ref: LocalObjectReference
    target: Target | None
    hosts: tuple[str, ...] = ()
    port: str = ""
    invalid: Invalid | None = None


class ConvertedPolicy(Struct, frozen=True):
    """A policy with its targets and what it asks for.

    `invalid` and `unresolved` say what is wrong with its certificates: why they are not accepted, and which reference
    leads nowhere. `warning` is about what has no effect.
    """

    policy: Policy
    targets: tuple[PolicyTarget, ...]
    tls: ClientTLSSettings | None = None
    load_balancer: LoadBalancerSettings | None = None
    retry_budget: RetryBudget | None = None
    invalid: Invalid | None = None
    unresolved: Invalid | None = None
    warning: str = ""


def backend_policies(resources: ConfigStore, behaviour: Behaviour) -> tuple[ConvertedPolicy, ...]:
    """The policies of both kinds; XBackendTrafficPolicies need a feature flag."""
    has_traffic = behaviour.alpha_gateway_api
    tls, traffic = resources.all(BackendTLSPolicy), resources.all(XBackendTrafficPolicy) if has_traffic else ()
    if not (tls or traffic):
        return ()
    referents = Referents.of(resources)
    if not behaviour.policy_conflicts:
        return (
            *(_traffic_policy(policy, referents, behaviour) for policy in traffic),
            *(_tls_policy(policy, (), referents) for policy in tls),
        )
    counted = [policy for policy in tls if not is_ignored(policy)]
    return (
        *(
            _no_traffic(policy) if is_ignored(policy) else _traffic_policy(policy, referents, behaviour)
            for policy in traffic
        ),
        *(_no_traffic(policy) if is_ignored(policy) else _tls_policy(policy, counted, referents) for policy in tls),
    )


def is_ignored(policy: Policy) -> bool:
    """True if the annotation tells istiod to leave a policy alone."""
    return policy.metadata.annotations.get(IGNORE, "").lower() == "true"


def _no_traffic(policy: Policy) -> ConvertedPolicy:
    return ConvertedPolicy(policy, ())


# ---- BackendTLSPolicies


def _tls_policy(policy: BackendTLSPolicy, others: Iterable[BackendTLSPolicy], referents: Referents) -> ConvertedPolicy:
    authorities = backend_authorities(policy, referents)
    validation = policy.spec.validation
    settings = ClientTLSSettings(
        mode=ClientTLSMode.SIMPLE,
        sni=validation.hostname,
        subject_alt_names=tuple(_subject_alt_names(validation)),
        credential_name=authorities.credential,
    )
    targets = tuple(_tls_target(policy, index, others, referents) for index in range(len(policy.spec.target_refs)))
    return ConvertedPolicy(
        policy=policy,
        targets=targets,
        tls=placed(settings, validation.origin),
        invalid=authorities.invalid,
        unresolved=authorities.unresolved,
        warning=authorities.warning,
    )


def _subject_alt_names(validation: BackendTLSPolicyValidation) -> Iterator[str]:
    for each in validation.subject_alt_names:
        if each.type == "Hostname":
            yield each.hostname or ""
        elif each.type == "URI":
            yield each.uri or ""


def _tls_target(
    policy: BackendTLSPolicy, index: int, others: Iterable[BackendTLSPolicy], referents: Referents
) -> PolicyTarget:
    ref = policy.spec.target_refs[index]
    resolved = _target(policy, ref, referents)
    if resolved.target is None:
        return resolved
    if ref.section_name and ref.section_name not in {port.name for port in resolved.target.spec.ports}:
        what = f"{ref.kind} {policy.namespace}/{ref.name}"
        message = f'targetRefs invalid: sectionName "{ref.section_name}" does not exist in {what}'
        return PolicyTarget(ref, None, invalid=Invalid("TargetNotFound", message, ref.at("section_name")))
    winner = _conflicting(policy, index, others)
    if winner is not None:
        message = f'Conflicts with BackendTLSPolicy "{winner.name}" targeting the same backend'
        return PolicyTarget(ref, resolved.target, invalid=Invalid("Conflicted", message, ref.origin))
    return PolicyTarget(ref, resolved.target, resolved.hosts, ref.section_name or "")


def _conflicting(policy: BackendTLSPolicy, index: int, others: Iterable[BackendTLSPolicy]) -> BackendTLSPolicy | None:
    """The older policy for the same target, if there is one."""
    ref = policy.spec.target_refs[index]
    candidates = (each for each in others if each is not policy and each.namespace == policy.namespace)
    return next((each for each in candidates if ref in each.spec.target_refs and _age(each) < _age(policy)), None)


def _age(policy: BackendTLSPolicy) -> tuple[str, str]:
    return (policy.metadata.creation_timestamp or NO_CREATION_TIME, policy.name)


# ---- XBackendTrafficPolicies


def _traffic_policy(policy: XBackendTrafficPolicy, referents: Referents, behaviour: Behaviour) -> ConvertedPolicy:
    return ConvertedPolicy(
        policy=policy,
        targets=tuple(_traffic_target(policy, ref, referents) for ref in policy.spec.target_refs),
        load_balancer=LoadBalancerSettings(),
        retry_budget=_retry_budget(policy, behaviour),
        warning=UNSUPPORTED_PERSISTENCE if policy.spec.session_persistence is not None else "",
    )


def _traffic_target(policy: XBackendTrafficPolicy, ref: LocalObjectReference, referents: Referents) -> PolicyTarget:
    resolved = _target(policy, ref, referents)
    if isinstance(resolved.target, ServiceEntry):
        message = f"targetRefs invalid: unsupported reference kind: {ref.kind}"
        return PolicyTarget(ref, None, invalid=Invalid("TargetNotFound", message, ref.origin))
    return resolved


def _retry_budget(policy: XBackendTrafficPolicy, behaviour: Behaviour) -> RetryBudget | None:
    constraint = policy.spec.retry_constraint
    if constraint is None:
        return None
    budget = RetryBudget(
        percent=float(constraint.budget.percent),
        min_retry_concurrency=constraint.min_retry_rate.count,
        budget_interval=Duration.parse(constraint.budget.interval) if behaviour.retry_budget_interval else None,
    )
    return placed(budget, constraint.origin)


# ---- targets, and the rules for them


def _target(policy: Policy, ref: LocalObjectReference, referents: Referents) -> PolicyTarget:
    """The Service or ServiceEntry that a policy is about, and its hosts."""
    kind, identity = GroupKind(ref.group, ref.kind), (policy.namespace, ref.name)
    problem = referents.problem(kind, *identity)
    if not problem and kind not in (SERVICE, SERVICE_ENTRY):
        problem = f"unsupported reference kind: {ref.kind}"
    if problem:
        return PolicyTarget(ref, None, invalid=Invalid("TargetNotFound", f"targetRefs invalid: {problem}", ref.origin))
    if kind == SERVICE:
        host = f"{ref.name}.{policy.namespace}.svc.{CLUSTER_DOMAIN}"
        return PolicyTarget(ref, referents.services[identity], (host,))
    entry = referents.entries[identity]
    return PolicyTarget(ref, entry, entry.spec.hosts)


class HostPolicy(Struct, frozen=True):
    """What one policy asks for at one host."""

    policy: ConvertedPolicy
    target: PolicyTarget


def destination_rules(policies: Iterable[ConvertedPolicy], resources: ConfigStore) -> tuple[DestinationRule, ...]:
    """One DestinationRule for each target and host."""
    groups: dict[tuple[str, str, str, str], list[HostPolicy]] = {}
    for policy in policies:
        for target in policy.targets:
            for host in target.hosts:
                key = (target.ref.kind, policy.policy.namespace, target.ref.name, host)
                groups.setdefault(key, []).append(HostPolicy(policy, target))
    return tuple(_destination_rule(*key, sorted(group, key=_precedence)) for key, group in groups.items())


def _precedence(policy: HostPolicy) -> tuple[str, str, str]:
    return oldest_first_by_namespace(policy.policy.policy.metadata)


def _destination_rule(kind: str, namespace: str, name: str, host: str, group: list[HostPolicy]) -> DestinationRule:
    origin = group[0].policy.policy.origin
    suffix = f"~{host.replace('.', '-')}" if kind == SERVICE_ENTRY.kind else ""
    spec = DestinationRuleSpec(host=host, traffic_policy=placed(_traffic(group), origin))
    metadata = ObjectMeta(name=f"{name}{suffix}~{GENERATED}", namespace=namespace, creation_timestamp=BEFORE_EVERYTHING)
    return placed(DestinationRule(metadata=metadata, spec=placed(spec, origin)), origin)


def _traffic(group: list[HostPolicy]) -> TrafficPolicy:
    """The settings of the oldest policies; TLS for one port stands beside TLS for all.

    Of several XBackendTrafficPolicies only the oldest counts, even if it sets no budget.
    """
    traffic = next((each.policy for each in group if each.policy.load_balancer is not None), None)
    whole = (each.policy.tls for each in group if each.policy.tls is not None and not each.target.port)
    ports: dict[str, HostPolicy] = {}
    for each in group:
        if each.policy.tls is not None and each.target.port:
            ports.setdefault(each.target.port, each)
    return TrafficPolicy(
        tls=next(whole, None),
        load_balancer=None if traffic is None else traffic.load_balancer,
        retry_budget=None if traffic is None else traffic.retry_budget,
        port_level_settings=tuple(_port_policy(name, each) for name, each in ports.items()),
    )


def _port_policy(name: str, host_policy: HostPolicy) -> PortTrafficPolicy:
    target = host_policy.target.target
    ports = () if target is None else target.spec.ports
    number = next((_port_number(port) for port in ports if port.name == name), 0)
    settings = PortTrafficPolicy(port=PortSelector(number=number), tls=host_policy.policy.tls)
    return placed(settings, host_policy.policy.policy.origin)


def _port_number(port: ServicePort | EntryPort) -> int:
    return port.port if isinstance(port, ServicePort) else port.number
