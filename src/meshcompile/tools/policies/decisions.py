"""Policy decisions for a request, in the order of a workload's filters."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto

from meshcompile.mesh import Mesh
from meshcompile.models.security.authorization_policy import AuthorizationPolicyAction as Action
from meshcompile.proxy import Proxy
from meshcompile.resolve.scope.workload import placed
from meshcompile.resolve.security.authorization import Authorization, Enforcement, NamedRule, authorization
from meshcompile.resolve.security.jwt import JwtAuthentication, jwt_authentication
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.tools.policies.conditions import is_met
from meshcompile.tools.policies.requests import PolicyRequest
from meshcompile.tools.policies.tokens import Rejected, authenticated


class Outcome(Enum):
    """The decision for a request."""

    ALLOWED = auto()
    DENIED = auto()  # 403, or a closed connection
    DELEGATED = auto()  # an external authorizer decides
    UNAUTHENTICATED = auto()  # 401: the token is invalid

    ASKED = DELEGATED  # the earlier name


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, and the rule that decided; "" if no rule had to match.

    `provider` is the extension provider that decides. `audited` are the AUDIT rules that match. `dry_run` are the rules
    of dry-run policies that match.
    """

    outcome: Outcome
    rule: str = ""
    reason: str = ""
    provider: str = ""
    audited: tuple[str, ...] = ()
    dry_run: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkloadPolicies:
    """The authorization and JWT policies of a workload."""

    authorization: Authorization
    jwt: JwtAuthentication | None


def guard(mesh: Mesh, proxy: Proxy | str) -> WorkloadPolicies:
    """The policies of a workload, by its proxy or the proxy's name.

    Raises UnknownProxy if no proxy has that name.
    """
    asking = mesh.proxy(proxy) if isinstance(proxy, str) else proxy
    return guard_of(mesh.snapshot, placed(mesh.snapshot, asking))


def guard_of(snapshot: Snapshot, proxy: Proxy) -> WorkloadPolicies:
    """The policies of a proxy's workload."""
    return WorkloadPolicies(authorization(snapshot, proxy), jwt_authentication(snapshot, proxy))


def decision(guard: WorkloadPolicies, request: PolicyRequest, now: float | None = None) -> Decision:
    """The decision for an HTTP request. `now` is the time for checking tokens, in seconds since 1970.

    Without a time, a token never expires. CUSTOM policies decide before tokens are checked, so their rules about claims
    never match.
    """
    enforcement = guard.authorization.http
    custom = _custom(enforcement, replace(request, claims=None) if guard.jwt is not None else request)
    if custom is not None:
        return custom
    if guard.jwt is not None and not request.is_preflight:
        found = authenticated(guard.jwt, request, now)
        if isinstance(found, Rejected):
            return Decision(Outcome.DENIED if found.forbidden else Outcome.UNAUTHENTICATED, reason=found.reason)
        request = found
    return _local(enforcement, request)


def connection_decision(guard: WorkloadPolicies, connection: PolicyRequest) -> Decision:
    """The decision for a TCP connection, which is not parsed as HTTP."""
    enforcement = guard.authorization.tcp
    return _custom(enforcement, connection) or _local(enforcement, connection)


def _custom(enforcement: Enforcement, request: PolicyRequest) -> Decision | None:
    """The provider that decides, or the rule that denies because its provider is unusable; None if no CUSTOM rule
    matches.
    """
    for rules in enforcement.custom:
        rule = _first(rules.enforced, request)
        if rule and rules.ext_authz is None:
            return Decision(Outcome.DENIED, rule, "the provider of this CUSTOM policy is not available")
        if rule:
            return Decision(Outcome.DELEGATED, rule, provider=rules.provider)
    return None


def _local(enforcement: Enforcement, request: PolicyRequest) -> Decision:
    """The decision of AUDIT, DENY and ALLOW: AUDIT only records, DENY denies requests that match, ALLOW denies all
    others.
    """
    audited: tuple[str, ...] = ()
    dry_run: tuple[str, ...] = ()
    allowed_by = ""
    for rules in enforcement.local:
        dry_run += _all(rules.dry_run or (), request)
        if rules.enforced is None:
            continue
        rule = _first(rules.enforced, request)
        match rules.action:
            case Action.AUDIT:
                audited += _all(rules.enforced, request)
            case Action.DENY if rule:
                return Decision(Outcome.DENIED, rule, audited=audited, dry_run=dry_run)
            case Action.ALLOW if not rule:
                reason = "no rule of an ALLOW policy matches"
                return Decision(Outcome.DENIED, reason=reason, audited=audited, dry_run=dry_run)
            case Action.ALLOW:
                allowed_by = rule
            case _:
                pass
    return Decision(Outcome.ALLOWED, allowed_by, audited=audited, dry_run=dry_run)


def _first(rules: Iterable[NamedRule], request: PolicyRequest) -> str:
    """The first matching rule by name; "" if no rule matches."""
    return min(_all(rules, request), default="")


def _all(rules: Iterable[NamedRule], request: PolicyRequest) -> tuple[str, ...]:
    return tuple(rule.name for rule in rules if _meets(rule, request))


def _meets(rule: NamedRule, request: PolicyRequest) -> bool:
    return any(is_met(each, request) for each in rule.rule.permissions) and any(
        is_met(each, request) for each in rule.rule.principals
    )
