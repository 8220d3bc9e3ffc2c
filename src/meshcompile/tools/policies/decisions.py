"""The decision about a request, in the order in which a workload's filters make it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto

from meshcompile.mesh import Mesh
from meshcompile.models.security.authorization_policy import AuthorizationPolicyAction as Action
from meshcompile.proxy import Proxy
from meshcompile.resolve.authorization import Authorization, Enforcement, NamedRule, authorization
from meshcompile.resolve.jwt import JwtAuthentication, jwt_authentication
from meshcompile.resolve.workload import placed
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.tools.policies.conditions import is_met
from meshcompile.tools.policies.requests import Request
from meshcompile.tools.policies.tokens import Rejected, authenticated


class Outcome(Enum):
    """What becomes of a request."""

    ALLOWED = auto()
    DENIED = auto()  # 403; a connection is closed
    ASKED = auto()  # somebody else decides
    UNAUTHENTICATED = auto()  # 401: a token that is not valid


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, and the rule that made it: "" when no rule had to match.

    `provider` is who is asked. `audited` are the AUDIT rules that match, `on_trial` the rules on trial that do.
    """

    outcome: Outcome
    rule: str = ""
    reason: str = ""
    provider: str = ""
    audited: tuple[str, ...] = ()
    on_trial: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guard:
    """The policies that guard a workload."""

    authorization: Authorization
    jwt: JwtAuthentication | None


def guard(mesh: Mesh, proxy: Proxy | str) -> Guard:
    """The guard of a workload, by its proxy or the proxy's name.

    Raises UnknownProxy when no proxy has that name.
    """
    asking = mesh.proxy(proxy) if isinstance(proxy, str) else proxy
    return guard_of(mesh.snapshot, placed(mesh.snapshot, asking))


def guard_of(snapshot: Snapshot, proxy: Proxy) -> Guard:
    """The guard of a proxy's workload."""
    return Guard(authorization(snapshot, proxy), jwt_authentication(snapshot, proxy))


def decision(guard: Guard, request: Request, now: float | None = None) -> Decision:
    """The decision about a request over HTTP; tokens are checked for the time `now`, in seconds since 1970.

    Without a time, a token never expires. Whoever CUSTOM policies would ask is asked before tokens are looked at, so
    that rules about claims never match there.
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


def connection_decision(guard: Guard, connection: Request) -> Decision:
    """The decision about a connection that is not taken apart into requests."""
    enforcement = guard.authorization.tcp
    return _custom(enforcement, connection) or _local(enforcement, connection)


def _custom(enforcement: Enforcement, request: Request) -> Decision | None:
    """Who is asked, or the rule that denies because nobody can be; None when no CUSTOM rule matches."""
    for rules in enforcement.custom:
        rule = _first(rules.enforced, request)
        if rule and rules.ext_authz is None:
            return Decision(Outcome.DENIED, rule, "the provider of this CUSTOM policy cannot be asked")
        if rule:
            return Decision(Outcome.ASKED, rule, provider=rules.provider)
    return None


def _local(enforcement: Enforcement, request: Request) -> Decision:
    """AUDIT only notes, DENY denies what matches, ALLOW denies what does not."""
    audited: tuple[str, ...] = ()
    on_trial: tuple[str, ...] = ()
    allowed_by = ""
    for rules in enforcement.local:
        on_trial += _all(rules.dry_run or (), request)
        if rules.enforced is None:
            continue
        rule = _first(rules.enforced, request)
        match rules.action:
            case Action.AUDIT:
                audited += _all(rules.enforced, request)
            case Action.DENY if rule:
                return Decision(Outcome.DENIED, rule, audited=audited, on_trial=on_trial)
            case Action.ALLOW if not rule:
                reason = "no rule of an ALLOW policy matches"
                return Decision(Outcome.DENIED, reason=reason, audited=audited, on_trial=on_trial)
            case Action.ALLOW:
                allowed_by = rule
            case _:
                pass
    return Decision(Outcome.ALLOWED, allowed_by, audited=audited, on_trial=on_trial)


def _first(rules: Iterable[NamedRule], request: Request) -> str:
    """The name of the first rule, by name, that the request meets; "" when it meets none."""
    return min(_all(rules, request), default="")


def _all(rules: Iterable[NamedRule], request: Request) -> tuple[str, ...]:
    return tuple(rule.name for rule in rules if _meets(rule, request))


def _meets(rule: NamedRule, request: Request) -> bool:
    return any(is_met(each, request) for each in rule.rule.permissions) and any(
        is_met(each, request) for each in rule.rule.principals
    )
