"""What a workload allows: its AuthorizationPolicies, decided, in the order in which they are enforced.

First whoever a CUSTOM policy names is asked, then AUDIT, DENY and ALLOW policies apply, each action as a whole.
Follows istiod's `authz/builder.Builder`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from meshcompile.codes.security import SEVERAL_PROVIDERS, UNKNOWN_PROVIDER
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.security.authorization_policy import AuthorizationPolicy
from meshcompile.models.security.authorization_policy import AuthorizationPolicyAction as Action
from meshcompile.proxy import Proxy
from meshcompile.queries import Key, Source, query
from meshcompile.resolve.ext_authz import ExtAuthz, ext_authz_providers
from meshcompile.resolve.findings import by_place
from meshcompile.resolve.policy_attachment import attaches
from meshcompile.resolve.rules import NEVER, CompiledRule, RuleContext, compiled_rule, uses_requests
from meshcompile.resolve.trust_domains import TrustDomains
from meshcompile.snapshot.authorization import AuthorizationIndex
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.source import Origin

# What is said of a provider that nothing defines.
UNKNOWN = "is not among the mesh config's extension providers"
DRY_RUN_ANNOTATION = "istio.io/dry-run"
# What Go's `strconv.ParseBool` takes for true.
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})


@dataclass(frozen=True, slots=True)
class NamedRule:
    """A compiled rule under the name that logs and metadata know it by."""

    name: str
    rule: CompiledRule
    origin: Origin = field(repr=False)


@dataclass(frozen=True, slots=True)
class ActionRules:
    """The rules of one action: those in force, and those on trial, whose outcome is only noted.

    None stands for no policy at all; policies whose rules were all dropped leave an empty tuple, and an empty ALLOW
    allows nothing.
    """

    action: Action
    enforced: tuple[NamedRule, ...] | None
    dry_run: tuple[NamedRule, ...] | None


@dataclass(frozen=True, slots=True)
class CustomRules:
    """The rules of the CUSTOM policies that name one provider; what they match is denied when `ext_authz` is None."""

    provider: str
    ext_authz: ExtAuthz | None
    enforced: tuple[NamedRule, ...]
    dry_run: tuple[NamedRule, ...]


@dataclass(frozen=True, slots=True)
class Enforcement:
    """Everything that is enforced on one kind of traffic, in order."""

    custom: tuple[CustomRules, ...] = ()
    local: tuple[ActionRules, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestRule:
    """A rule that looks at requests, which some ports do not have; one that `allows` does not apply there at all."""

    origin: Origin
    allows: bool


@dataclass(frozen=True, slots=True)
class Authorization(Source):
    """What a workload allows, of requests and of connections that are not taken apart into requests."""

    http: Enforcement = Enforcement()
    tcp: Enforcement = Enforcement()
    origins: tuple[Origin, ...] = field(default=(), repr=False)
    request_rules: tuple[RequestRule, ...] = field(default=(), repr=False)
    findings: tuple[Diagnostic, ...] = field(default=(), repr=False)


NO_AUTHORIZATION = Authorization()


class AuthorizationKey(Key, frozen=True):
    """Policies by namespace and name, in order. `tunnelled` connections have come in through HBONE."""

    policies: tuple[tuple[str, str], ...]
    tunnelled: bool


def authorization(
    snapshot: Snapshot, proxy: Proxy, *, service_namespace: str = "", tunnelled: bool = False
) -> Authorization:
    """The authorization of a proxy's own workload.

    Policies of `service_namespace` also apply. `tunnelled` connections arrive through HBONE.
    """
    policies = applied_policies(snapshot.authorization, proxy, service_namespace)
    if not policies:
        return NO_AUTHORIZATION
    names = tuple((policy.namespace, policy.name) for policy in policies)
    return authorization_of(snapshot, AuthorizationKey(names, tunnelled))


def applied_policies(
    index: AuthorizationIndex, proxy: Proxy, service_namespace: str = ""
) -> tuple[AuthorizationPolicy, ...]:
    """The policies of a proxy's workload: those of the root namespace, its own, then `service_namespace`."""
    return tuple(
        policy
        for namespace in dict.fromkeys((index.root_namespace, proxy.namespace, service_namespace))
        for policy in index.by_namespace.get(namespace, ())
        if attaches(policy.spec, policy.namespace, proxy, index.root_namespace)
    )


@query
def authorization_of(snapshot: Snapshot, key: AuthorizationKey) -> Authorization:
    """What policies allow together."""
    mesh, providers = snapshot.mesh, ext_authz_providers(snapshot, None)
    found = (snapshot.authorization.named(*name) for name in key.policies)
    policies = tuple(policy for policy in found if policy is not None)
    domains = TrustDomains((mesh.trust_domain, *mesh.trust_domain_aliases))
    http, tcp = (
        PolicyCompiler(policies, domains, providers, for_tcp, key.tunnelled).enforcement() for for_tcp in (False, True)
    )
    return Authorization(
        http,
        tcp,
        origins=tuple(policy.origin for policy in policies),
        request_rules=tuple(_request_rules(policies)),
        findings=by_place(_provider_findings(custom_policies(policies), providers)),
    )


def custom_policies(policies: Iterable[AuthorizationPolicy]) -> Mapping[str, list[AuthorizationPolicy]]:
    """The CUSTOM policies by the name of the provider that they ask."""
    by_provider: dict[str, list[AuthorizationPolicy]] = {}
    for policy in policies:
        if policy.spec.action is Action.CUSTOM:
            name = "" if policy.spec.provider is None else policy.spec.provider.name
            by_provider.setdefault(name, []).append(policy)
    return by_provider


def _provider_findings(
    by_provider: Mapping[str, list[AuthorizationPolicy]], providers: Mapping[str, ExtAuthz | str]
) -> Iterator[Diagnostic]:
    """Providers that cannot be asked: several for one workload, and one that is not known or not valid."""
    several = len(by_provider) > 1
    for name, policies in by_provider.items():
        problem = providers.get(name, UNKNOWN)
        for policy in policies:
            if several:
                yield SEVERAL_PROVIDERS(policy, providers=", ".join(sorted(by_provider)))
            elif not isinstance(problem, ExtAuthz):
                yield UNKNOWN_PROVIDER(policy.spec.provider or policy, provider=name, problem=problem)


def _request_rules(policies: Iterable[AuthorizationPolicy]) -> Iterator[RequestRule]:
    for policy in policies:
        for rule in policy.spec.rules:
            if uses_requests(rule):
                yield RequestRule(rule.origin, policy.spec.action is Action.ALLOW)


def is_dry_run(policy: AuthorizationPolicy) -> bool:
    """True for a policy on trial."""
    return policy.metadata.annotations.get(DRY_RUN_ANNOTATION) in _TRUE


@dataclass(frozen=True)
class PolicyCompiler:
    """Compiles the policies of one workload for one kind of traffic."""

    policies: tuple[AuthorizationPolicy, ...]
    trust_domains: TrustDomains
    providers: Mapping[str, ExtAuthz | str]
    for_tcp: bool
    tunnelled: bool

    def enforcement(self) -> Enforcement:
        found = (self._rules(action) for action in (Action.AUDIT, Action.DENY, Action.ALLOW))
        return Enforcement(self._custom(), tuple(rules for rules in found if rules is not None))

    def _of(self, action: Action) -> tuple[AuthorizationPolicy, ...]:
        return tuple(policy for policy in self.policies if policy.spec.action is action)

    def _rules(self, action: Action) -> ActionRules | None:
        policies = self._of(action)
        enforced = [policy for policy in policies if not is_dry_run(policy)]
        dry_run = [policy for policy in policies if is_dry_run(policy)]
        if not policies:
            return None
        return ActionRules(
            action,
            self._named(enforced, action) if enforced else None,
            self._named(dry_run, action) if dry_run else None,
        )

    def _named(
        self, policies: Iterable[AuthorizationPolicy], action: Action, prefix: str = ""
    ) -> tuple[NamedRule, ...]:
        return tuple(rule for policy in policies for rule in self._of_policy(policy, action, prefix))

    def _of_policy(self, policy: AuthorizationPolicy, action: Action, prefix: str) -> Iterable[NamedRule]:
        """The rules of a policy, without those that had to be dropped; one that never matches when it has none."""
        name = f"{prefix}ns[{policy.namespace}]-policy[{policy.name}]-rule"
        if not policy.spec.rules:
            yield NamedRule(f"{name}[0]", NEVER, policy.origin)
        context = RuleContext(
            policy.namespace, self.for_tcp, action is Action.ALLOW, self.trust_domains, self.tunnelled
        )
        for index, rule in enumerate(policy.spec.rules):
            compiled = compiled_rule(rule, context)
            if compiled is not None:
                yield NamedRule(f"{name}[{index}]", compiled, rule.origin)

    def _custom(self) -> tuple[CustomRules, ...]:
        by_provider = custom_policies(self.policies)
        found = (self._of_provider(name, by_provider[name], len(by_provider) > 1) for name in sorted(by_provider))
        return tuple(rules for rules in found if rules is not None)

    def _of_provider(self, name: str, policies: list[AuthorizationPolicy], several: bool) -> CustomRules | None:
        """The rules for one provider; None where it cannot be asked, HTTP about connections."""
        known = None if several else self.providers.get(name)
        ext_authz = known if isinstance(known, ExtAuthz) else None
        if ext_authz is not None and ext_authz.http is not None and self.for_tcp:
            return None
        prefix = f"istio-ext-authz-{name}-" if name else "istio-ext-authz-"
        return CustomRules(
            provider=name,
            ext_authz=ext_authz,
            enforced=self._named((p for p in policies if not is_dry_run(p)), Action.CUSTOM, prefix),
            dry_run=self._named((p for p in policies if is_dry_run(p)), Action.CUSTOM, prefix),
        )
