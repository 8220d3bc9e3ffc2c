"""DestinationRules, merged per host and indexed by the namespaces that see them.

Follows istiod's `PushContext.setDestinationRules`, `destinationRule` and `mergeDestinationRule`.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum, auto

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.behaviour import Behaviour
from meshcompile.documents import Origin
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.networking.destination_rule import DestinationRule, Subset, TrafficPolicy
from meshcompile.snapshot.exports import EVERYWHERE, OWN_NAMESPACE, visibility
from meshcompile.snapshot.filled_policies import filled_policy
from meshcompile.snapshot.gateway_api.converted import FromGatewayApi
from meshcompile.snapshot.resources import ConfigStore, oldest_first
from meshcompile.snapshot.service import Service
from meshcompile.values.hosts import covering, qualified
from meshcompile.values.labels import Labels


class MergedDestinationRule(Struct, frozen=True):
    """The DestinationRules of one namespace for one host, merged. Name and namespace are those of the first rule.

    `workload_selector` is None for a rule for all clients. `traffic_policy` is the first that is set. `subsets` come
    from all `parts`; of several subsets with one name, the first is used. `from_policy` says whether the first rule
    stands for a policy of the Gateway API.
    """

    name: str
    namespace: str
    host: str
    export_to: frozenset[str]
    workload_selector: Labels | None
    traffic_policy: TrafficPolicy | None
    subsets: tuple[Subset, ...]
    parts: tuple[DestinationRule, ...]
    origins: tuple[Origin, ...]
    from_policy: bool = False

    def __hash__(self) -> int:
        """A hash of the fields that almost always distinguish rules."""
        return hash((self.namespace, self.name, self.host))

    def subset(self, name: str) -> Subset | None:
        """The subset of this name."""
        return next((subset for subset in self.subsets if subset.name == name), None)

    def is_exported_to(self, namespace: str) -> bool:
        return not self.export_to or EVERYWHERE in self.export_to or namespace in self.export_to


RulesByHost = Mapping[str, tuple[MergedDestinationRule, ...]]


class DestinationRuleIndex(Struct, frozen=True, eq=False):
    """DestinationRules by namespace and host: the namespace's own rules, its exported rules, and the root
    namespace's private rules.

    `all` are the rules as written. `label_keys` are the proxy labels that rules read: two proxies with equal values of
    these labels get the same rules.
    """

    root_namespace: str
    all: tuple[DestinationRule, ...]
    own: Mapping[str, RulesByHost]
    exported: Mapping[str, RulesByHost]
    root_private: RulesByHost
    label_keys: frozenset[str]

    def lookup(self, client_namespace: str, service: Service) -> tuple[MergedDestinationRule, ...]:
        """The rules for a service: the client namespace's, else the service's, else the root namespace's.

        The most specific host of a namespace decides, even if its rule applies to other clients. Several rules remain
        only if they select workloads or have different exports.
        """
        private = self.root_private if client_namespace == self.root_namespace else self.own.get(client_namespace, {})
        return (
            _most_specific(service.hostname, private)
            or self._exported_by(service.namespace, service.hostname, client_namespace)
            or self._exported_by(self.root_namespace, service.hostname, client_namespace)
        )

    def _exported_by(self, owner: str, hostname: str, client: str) -> tuple[MergedDestinationRule, ...]:
        rules = _most_specific(hostname, self.exported.get(owner, {}))
        return tuple(rule for rule in rules if rule.is_exported_to(client))


def _most_specific(hostname: str, rules: RulesByHost) -> tuple[MergedDestinationRule, ...]:
    if not rules:
        return ()
    return next((rules[host] for host in covering(hostname) if host in rules), ())


def destination_rule_index(
    resources: ConfigStore, mesh: MeshConfig, gateway_api: FromGatewayApi, behaviour: Behaviour
) -> DestinationRuleIndex:
    """The index of the accepted DestinationRules, and of those generated from the Gateway API."""
    own: dict[str, dict[str, list[MergedDestinationRule]]] = {}
    exported: dict[str, dict[str, list[MergedDestinationRule]]] = {}
    root_private: dict[str, list[MergedDestinationRule]] = {}
    private_default = OWN_NAMESPACE in mesh.default_destination_rule_export_to
    written = [_single(part, from_policy=False) for part in resources.all(DestinationRule)]
    from_policies = behaviour.rules_over_policies
    generated = [_single(part, from_policy=from_policies) for part in gateway_api.destination_rules]
    for rule in sorted((*written, *generated), key=_precedence):
        if _applies_at_home(rule):
            _merge(own.setdefault(rule.namespace, {}), rule)
        if not _is_private(rule, private_default):
            _merge(exported.setdefault(rule.namespace, {}), rule)
        elif rule.namespace == mesh.root_namespace:
            _merge(root_private, rule)
    return DestinationRuleIndex(
        root_namespace=mesh.root_namespace,
        all=resources.all(DestinationRule),
        own={namespace: _frozen(rules) for namespace, rules in own.items()},
        exported={namespace: _frozen(rules) for namespace, rules in exported.items()},
        root_private=_frozen(root_private),
        label_keys=frozenset(key for rules in (*own.values(), *exported.values()) for key in _label_keys(rules)),
    )


def _precedence(rule: MergedDestinationRule) -> tuple[bool, tuple[str, str, str]]:
    """Sort key: rules that select workloads first, then the oldest."""
    return (rule.workload_selector is None, oldest_first(rule.parts[0]))


def _single(part: DestinationRule, *, from_policy: bool) -> MergedDestinationRule:
    """A merged rule with one part. A rule that selects workloads applies only to its own namespace, whatever its
    `exportTo`.
    """
    spec, selector = part.spec, part.spec.workload_selector
    return MergedDestinationRule(
        name=part.name,
        namespace=part.namespace,
        host=qualified(spec.host, part.namespace),
        export_to=visibility(spec.export_to if selector is None else (OWN_NAMESPACE,)),
        workload_selector=None if selector is None else selector.match_labels,
        traffic_policy=spec.traffic_policy,
        subsets=spec.subsets,
        parts=(part,),
        origins=(part.origin,),
        from_policy=from_policy,
    )


def _applies_at_home(rule: MergedDestinationRule) -> bool:
    """False for a rule that is exported only to other namespaces. Such a rule does not apply to its own namespace."""
    return not rule.export_to or bool(rule.export_to & {EVERYWHERE, OWN_NAMESPACE, rule.namespace})


def _is_private(rule: MergedDestinationRule, private_default: bool) -> bool:
    if not rule.export_to:
        return private_default
    return len(rule.export_to) == 1 and bool(rule.export_to & {OWN_NAMESPACE, rule.namespace})


class Exports(Enum):
    """How the exports of an incoming rule relate to those of an existing one."""

    SAME = auto()
    SUPERSET = auto()
    OTHER = auto()


class Selectors(Enum):
    """How the workloads of two rules relate."""

    SAME = auto()  # both have the same selector, or none
    OTHER = auto()
    MIXED = auto()  # only one of the rules has a selector


class Meeting(Enum):
    """How an incoming rule merges with an existing rule for the host."""

    JOIN = auto()  # the existing rule gets the settings that it lacks
    JOIN_AND_KEEP = auto()  # the same, and the incoming rule also stays
    KEEP = auto()  # both stay unchanged


MEETINGS: Mapping[tuple[Exports, Selectors], Meeting] = {
    (Exports.SAME, Selectors.SAME): Meeting.JOIN,
    (Exports.SAME, Selectors.MIXED): Meeting.JOIN,
    (Exports.SAME, Selectors.OTHER): Meeting.KEEP,
    (Exports.SUPERSET, Selectors.SAME): Meeting.JOIN,
    (Exports.SUPERSET, Selectors.MIXED): Meeting.JOIN_AND_KEEP,  # for the namespaces to which the other is not exported
    (Exports.SUPERSET, Selectors.OTHER): Meeting.KEEP,
    (Exports.OTHER, Selectors.SAME): Meeting.KEEP,
    (Exports.OTHER, Selectors.MIXED): Meeting.KEEP,
    (Exports.OTHER, Selectors.OTHER): Meeting.KEEP,
}


def _merge(rules: dict[str, list[MergedDestinationRule]], incoming: MergedDestinationRule) -> None:
    """Merge a rule with the rules of its host, as the table says. The last of them decides whether the rule also
    stays.
    """
    existing = rules.setdefault(incoming.host, [])
    meeting = Meeting.KEEP
    for index, rule in enumerate(existing):
        meeting = MEETINGS[_exports(rule, incoming), _selectors(rule, incoming)]
        if meeting is not Meeting.KEEP:
            existing[index] = _joined(rule, incoming)
    if meeting is not Meeting.JOIN:
        existing.append(incoming)


def _exports(rule: MergedDestinationRule, incoming: MergedDestinationRule) -> Exports:
    if incoming.export_to == rule.export_to:
        return Exports.SAME
    return Exports.SUPERSET if rule.export_to and incoming.export_to > rule.export_to else Exports.OTHER


def _selectors(rule: MergedDestinationRule, incoming: MergedDestinationRule) -> Selectors:
    if rule.workload_selector == incoming.workload_selector:
        return Selectors.SAME
    one_is_for_all = rule.workload_selector is None or incoming.workload_selector is None
    return Selectors.MIXED if one_is_for_all else Selectors.OTHER


def _joined(rule: MergedDestinationRule, incoming: MergedDestinationRule) -> MergedDestinationRule:
    known = {subset.name for subset in rule.subsets}
    return replace(
        rule,
        traffic_policy=_joined_policy(rule, incoming),
        subsets=(*rule.subsets, *(subset for subset in incoming.subsets if subset.name not in known)),
        parts=(*rule.parts, *incoming.parts),
        origins=(*rule.origins, *incoming.origins),
    )


def _joined_policy(rule: MergedDestinationRule, incoming: MergedDestinationRule) -> TrafficPolicy | None:
    """The first policy that is set. A policy of the Gateway API fills what a rule that a user wrote leaves out."""
    first, second = rule.traffic_policy, incoming.traffic_policy
    if rule.from_policy == incoming.from_policy or first is None or second is None:
        return second if first is None else first
    return filled_policy(second, first) if rule.from_policy else filled_policy(first, second)


def _frozen(rules: Mapping[str, list[MergedDestinationRule]]) -> RulesByHost:
    return {host: tuple(group) for host, group in rules.items()}


def _label_keys(rules: Mapping[str, Iterable[MergedDestinationRule]]) -> Iterator[str]:
    """The labels in the selectors and failover priorities of rules."""
    for group in rules.values():
        for rule in group:
            yield from rule.workload_selector or ()
            for policy in (rule.traffic_policy, *(subset.traffic_policy for subset in rule.subsets)):
                yield from () if policy is None else _failover_labels(policy)


def _failover_labels(policy: TrafficPolicy) -> Iterator[str]:
    for balancer in (policy.load_balancer, *(settings.load_balancer for settings in policy.port_level_settings)):
        for setting in () if balancer is None else (balancer.locality_lb_setting, balancer.zone_aware_lb_setting):
            if setting is not None:
                yield from (label.partition("=")[0] for label in setting.failover_priority)
