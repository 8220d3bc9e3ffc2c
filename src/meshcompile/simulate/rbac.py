"""RBAC rules, on connections and on requests (`common/rbac/engine_impl.cc`)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from meshcompile.envoy.config.rbac import RBAC, Policy
from meshcompile.queries import derived
from meshcompile.simulate.rbac_conditions import RbacCondition, RbacSubject, permission, principal, unknowns
from meshcompile.simulate.streams import FailedCheck, NearMiss


@dataclass(frozen=True, slots=True)
class RbacVerdict:
    """What rules say. `policy` is the name of the first policy that matches, by name; "" for none.

    `near_misses` are the policies that do not match, with the conditions that failed.
    """

    allowed: bool
    policy: str = ""
    pointer: str = ""
    near_misses: tuple[NearMiss, ...] = ()
    depends_on: str = ""


def verdict(rules: RBAC, subject: RbacSubject, pointer: str) -> RbacVerdict:
    """What rules say about a request. `pointer` is their place."""
    misses: list[NearMiss] = []
    unknown = ""
    for policy in _policies(rules, pointer):
        unknown = unknown or policy.unknown
        if _any(policy.permissions, subject) and _any(policy.principals, subject):
            return RbacVerdict(rules.action != "DENY", policy.name, policy.place, tuple(misses), unknown)
        failed = _failed(policy.permissions, policy.principals, subject)
        misses.append(NearMiss(policy.place, policy.name, tuple(failed)))
    return RbacVerdict(rules.action != "ALLOW", near_misses=tuple(misses), depends_on=unknown)


@dataclass(frozen=True, slots=True)
class PolicyConditions:
    """A policy, ready to be asked. `unknown` is the first condition that cannot be evaluated; "" for none."""

    name: str
    place: str
    permissions: tuple[RbacCondition, ...]
    principals: tuple[RbacCondition, ...]
    unknown: str


@derived
def _policies(rules: RBAC, pointer: str) -> tuple[PolicyConditions, ...]:
    """The policies in the order in which Envoy asks them."""
    return tuple(_policy(name, rules.policies[name], pointer) for name in sorted(rules.policies))


def _policy(name: str, policy: Policy, pointer: str) -> PolicyConditions:
    place = f"{pointer}/policies/{escaped(name)}"
    permissions, principals = policy_conditions(policy, place)
    return PolicyConditions(name, place, permissions, principals, next(unknowns((*permissions, *principals)), ""))


def escaped(key: str) -> str:
    """A key as JSON pointers write it."""
    return key.replace("~", "~0").replace("/", "~1")


def policy_conditions(policy: Policy, pointer: str) -> tuple[tuple[RbacCondition, ...], tuple[RbacCondition, ...]]:
    """The permissions and the principals of a policy. One of each must hold."""
    permissions = tuple(permission(p, f"{pointer}/permissions/{i}") for i, p in enumerate(policy.permissions))
    principals = tuple(principal(p, f"{pointer}/principals/{i}") for i, p in enumerate(policy.principals))
    return permissions, principals


def _any(conditions: Sequence[RbacCondition], subject: RbacSubject) -> bool:
    return any(condition.holds(subject) for condition in conditions)


def _failed(
    permissions: Sequence[RbacCondition], principals: Sequence[RbacCondition], subject: RbacSubject
) -> Iterator[FailedCheck]:
    for group in (permissions, principals):
        if not _any(group, subject):
            for condition in group:
                yield from failed_conditions(condition, subject)


def failed_conditions(condition: RbacCondition, subject: RbacSubject) -> Iterator[FailedCheck]:
    """The innermost conditions that make a condition fail."""
    if condition.holds(subject):
        return
    if condition.parts:
        for part in condition.parts:
            yield from failed_conditions(part, subject)
    else:
        yield FailedCheck(condition.pointer, condition.subject, condition.wanted, condition.found(subject))
