"""What a workload allows, decided from its AuthorizationPolicies in the order in which Envoy enforces them.

CUSTOM providers decide first. AUDIT, DENY and ALLOW policies follow, one action at a time. Follows istiod's
`authz/builder.Builder`.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from meshcompile.codes.security import SEVERAL_PROVIDERS, UNKNOWN_PROVIDER
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.models.security.authorization_policy import AuthorizationPolicy
from meshcompile.models.security.authorization_policy import AuthorizationPolicyAction as Action
from meshcompile.proxy import Proxy
from meshcompile.queries import Key, Source, query
from meshcompile.resolve.findings import by_place
from meshcompile.resolve.security.ext_authz import ExtAuthz, ext_authz_providers
from meshcompile.resolve.security.policy_attachment import attaches
from meshcompile.resolve.security.rules import NEVER, CompiledRule, RuleContext, compiled_rule, uses_requests
from meshcompile.resolve.security.trust_domains import TrustDomains
from meshcompile.snapshot.authorization import AuthorizationIndex
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.labels import TRUE

# The problem of a provider that the mesh config does not define.
UNKNOWN = "is not among the mesh config's extension providers"
DRY_RUN_ANNOTATION = "istio.io/dry-run"
CUSTOM_PREFIX = "istio-ext-authz"


class NamedRule(Struct, frozen=True):
    """A compiled rule, with the name that it has in logs and metadata."""

    name: str
    rule: CompiledRule
    origin: Origin


class ActionRules(Struct, frozen=True):
    """The rules of one action: those that are enforced, and those of dry-run policies, which Envoy only records.

    None means that there is no policy. An empty tuple means that every rule was dropped; an empty ALLOW allows nothing.
    """

    action: Action
    enforced: tuple[NamedRule, ...] | None
    dry_run: tuple[NamedRule, ...] | None


class CustomRules(Struct, frozen=True):
    """The rules of the CUSTOM policies that name one provider. The names of the rules begin with `prefix`.

    Without `ext_authz` the provider is unusable, and Envoy denies what the rules match.
    """

    provider: str
    prefix: str
    ext_authz: ExtAuthz | None
    enforced: tuple[NamedRule, ...]
    dry_run: tuple[NamedRule, ...]


class Enforcement(Struct, frozen=True):
    """All rules for HTTP or for TCP traffic, in the order in which Envoy applies them."""

    custom: tuple[CustomRules, ...] = ()
    local: tuple[ActionRules, ...] = ()


class RequestRule(Struct, frozen=True):
    """A rule that looks at requests.

    On a TCP port, a rule that `allows` is dropped as a whole.
    """

    origin: Origin
    allows: bool


class Authorization(Source, frozen=True):
    """What a workload allows, for HTTP requests and for TCP connections."""

    http: Enforcement = Enforcement()
    tcp: Enforcement = Enforcement()
    origins: tuple[Origin, ...] = ()
    request_rules: tuple[RequestRule, ...] = ()
    findings: tuple[Diagnostic, ...] = ()


NO_AUTHORIZATION = Authorization()


class AuthorizationKey(Key, frozen=True):
    """Policies by namespace and name, in order. `tunnelled` connections arrive through HBONE."""

    policies: tuple[tuple[str, str], ...]
    tunnelled: bool


def authorization(
    snapshot: Snapshot, proxy: Proxy, *, service: Service | None = None, tunnelled: bool = False
) -> Authorization:
    """The authorization of the proxy's workload.

    Policies for a `service` behind a waypoint also apply. `tunnelled` connections arrive through HBONE.
    """
    policies = applied_policies(snapshot.authorization, proxy, service)
    if not policies:
        return NO_AUTHORIZATION
    names = tuple((policy.namespace, policy.name) for policy in policies)
    return authorization_of(snapshot, AuthorizationKey(names, tunnelled))


def authorization_at(snapshot: Snapshot, proxy: Proxy, service: Service | None) -> Authorization:
    """The authorization of the proxy itself, or of a `service` behind it. All traffic of waypoints is tunnelled."""
    return authorization(snapshot, proxy, service=service, tunnelled=proxy.is_waypoint)


def applied_policies(
    index: AuthorizationIndex, proxy: Proxy, service: Service | None = None
) -> tuple[AuthorizationPolicy, ...]:
    """The policies of a proxy's workload: those of the root namespace, its own, then that of a `service`."""
    services = () if service is None else (service,)
    return tuple(
        policy
        for namespace in dict.fromkeys((index.root_namespace, proxy.namespace, *(s.namespace for s in services)))
        for policy in index.by_namespace.get(namespace, ())
        if attaches(policy.spec, policy.namespace, proxy, index.root_namespace, services)
    )


@query
def authorization_of(snapshot: Snapshot, key: AuthorizationKey) -> Authorization:
    """The combined authorization of several policies."""
    mesh, providers = snapshot.mesh, ext_authz_providers(snapshot, None)
    named = (snapshot.authorization.named(*name) for name in key.policies)
    policies = tuple(policy for policy in named if policy is not None)
    by_name = snapshot.behaviour.custom_provider_names
    domains = TrustDomains((mesh.trust_domain, *mesh.trust_domain_aliases))
    http, tcp = (
        PolicyCompiler(policies, domains, providers, for_tcp, key.tunnelled, by_name).enforcement()
        for for_tcp in (False, True)
    )
    return Authorization(
        http,
        tcp,
        origins=tuple(policy.origin for policy in policies),
        request_rules=tuple(_request_rules(policies)),
        findings=by_place(provider_findings(custom_policies(policies), providers)),
    )


def custom_policies(policies: Iterable[AuthorizationPolicy]) -> Mapping[str, list[AuthorizationPolicy]]:
    """The CUSTOM policies by the name of their provider."""
    by_provider: dict[str, list[AuthorizationPolicy]] = {}
    for policy in policies:
        if policy.spec.action is Action.CUSTOM:
            name = "" if policy.spec.provider is None else policy.spec.provider.name
            by_provider.setdefault(name, []).append(policy)
    return by_provider


def provider_findings(
    by_provider: Mapping[str, list[AuthorizationPolicy]], providers: Mapping[str, ExtAuthz | str]
) -> Iterator[Diagnostic]:
    """Findings about unusable providers: several for one workload, or one that is unknown or invalid."""
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
    """True for a policy with the dry-run annotation."""
    return policy.metadata.annotations.get(DRY_RUN_ANNOTATION) in TRUE


class PolicyCompiler(Struct, frozen=True):
    """Compiles the policies of one workload for one kind of traffic.

    Without `provider_names`, all CUSTOM policies share one set of rules, whose names do not have their provider.
    """

    policies: tuple[AuthorizationPolicy, ...]
    trust_domains: TrustDomains
    providers: Mapping[str, ExtAuthz | str]
    for_tcp: bool
    tunnelled: bool
    provider_names: bool = True

    def enforcement(self) -> Enforcement:
        by_action = (self._rules(action) for action in (Action.AUDIT, Action.DENY, Action.ALLOW))
        return Enforcement(self._custom(), tuple(rules for rules in by_action if rules is not None))

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
        """The rules of a policy, without dropped ones.

        A policy without rules has one rule that never matches.
        """
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
        if not self.provider_names:
            return tuple(self._of_all_providers(by_provider)) if by_provider else ()
        of_providers = (
            self._of_provider(name, by_provider[name], len(by_provider) > 1) for name in sorted(by_provider)
        )
        return tuple(rules for rules in of_providers if rules is not None)

    def _of_provider(self, name: str, policies: list[AuthorizationPolicy], several: bool) -> CustomRules | None:
        """The rules for one provider; None when it cannot decide, as with HTTP providers for TCP connections."""
        known = None if several else self.providers.get(name)
        ext_authz = known if isinstance(known, ExtAuthz) else None
        if ext_authz is not None and ext_authz.http is not None and self.for_tcp:
            return None
        prefix = f"{CUSTOM_PREFIX}-{name}"
        enforced = self._named(
            (p for p in policies if not is_dry_run(p)), Action.CUSTOM, f"{prefix}-" if name else prefix
        )
        dry_run = self._named((p for p in policies if is_dry_run(p)), Action.CUSTOM, f"{prefix}-" if name else prefix)
        return CustomRules(name, prefix, ext_authz, enforced, dry_run)

    def _of_all_providers(self, by_provider: Mapping[str, list[AuthorizationPolicy]]) -> Iterator[CustomRules]:
        """The rules of all CUSTOM policies. With several providers, none of them decides. Dry runs have no effect."""
        name = next(iter(by_provider))
        known = self.providers.get(name) if len(by_provider) == 1 else None
        ext_authz = known if isinstance(known, ExtAuthz) else None
        if ext_authz is None or ext_authz.http is None or not self.for_tcp:
            enforced = (policy for policy in self._of(Action.CUSTOM) if not is_dry_run(policy))
            rules = self._named(enforced, Action.CUSTOM, f"{CUSTOM_PREFIX}-")
            yield CustomRules(name, CUSTOM_PREFIX, ext_authz, rules, ())
