"""DestinationRules, merged per host, by who may see them.

Follows istiod's `PushContext.setDestinationRules`, `destinationRule` and `mergeDestinationRule`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from meshcompile.hosts import covering, qualified
from meshcompile.labels import Labels
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.networking.destination_rule import DestinationRule, Subset, TrafficPolicy
from meshcompile.snapshot.resources import Resources, oldest_first
from meshcompile.snapshot.service import Service
from meshcompile.source import Origin

EVERYWHERE = "*"
OWN_NAMESPACE = "."


@dataclass(frozen=True, slots=True)
class MergedDestinationRule:
    """The DestinationRules of one namespace for one host as one: name and namespace are the first's.

    `workload_selector` is None for a rule for all clients. `traffic_policy` is the first that is set; `subsets` are
    those of all `parts`, the first of each name.
    """

    name: str
    namespace: str
    host: str
    export_to: frozenset[str]
    workload_selector: Labels | None
    traffic_policy: TrafficPolicy | None
    subsets: tuple[Subset, ...]
    parts: tuple[DestinationRule, ...]
    origins: tuple[Origin, ...] = field(repr=False)

    def __hash__(self) -> int:
        """Of what nearly always tells rules apart."""
        return hash((self.namespace, self.name, self.host))

    def subset(self, name: str) -> Subset | None:
        """The subset of this name."""
        return next((subset for subset in self.subsets if subset.name == name), None)

    def is_exported_to(self, namespace: str) -> bool:
        return not self.export_to or EVERYWHERE in self.export_to or namespace in self.export_to


RulesByHost = Mapping[str, tuple[MergedDestinationRule, ...]]


@dataclass(frozen=True, eq=False)
class DestinationRuleIndex:
    """DestinationRules by namespace and host: the namespace's own, those it exports, and the root namespace's private.

    `all` are the rules as written. `label_keys` are the labels of proxies that rules look at: two proxies that agree on
    them get the same.
    """

    root_namespace: str
    all: tuple[DestinationRule, ...]
    own: Mapping[str, RulesByHost]
    exported: Mapping[str, RulesByHost]
    root_private: RulesByHost
    label_keys: frozenset[str]

    def lookup(self, client_namespace: str, service: Service) -> tuple[MergedDestinationRule, ...]:
        """The rules for a service: the client namespace's, else the service's, else the root namespace's.

        The most specific host of a namespace decides, even when its rule turns out to be for others. Several rules
        remain only where they select workloads or are exported differently.
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


def destination_rule_index(resources: Resources, mesh: MeshConfig) -> DestinationRuleIndex:
    """The index of the accepted resources."""
    own: dict[str, dict[str, list[MergedDestinationRule]]] = {}
    exported: dict[str, dict[str, list[MergedDestinationRule]]] = {}
    root_private: dict[str, list[MergedDestinationRule]] = {}
    private_default = OWN_NAMESPACE in mesh.default_destination_rule_export_to
    for part in sorted(resources.all(DestinationRule), key=_precedence):
        rule = _single(part)
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


def _precedence(rule: DestinationRule) -> tuple[bool, tuple[str, str, str]]:
    """Sort key: rules that select workloads first, then the oldest."""
    return (rule.spec.workload_selector is None, oldest_first(rule))


def _single(part: DestinationRule) -> MergedDestinationRule:
    """A rule by itself; one that selects workloads is for its own namespace only, whatever it exports to."""
    spec, selector = part.spec, part.spec.workload_selector
    return MergedDestinationRule(
        name=part.name,
        namespace=part.namespace,
        host=qualified(spec.host, part.namespace),
        export_to=frozenset(spec.export_to if selector is None else (OWN_NAMESPACE,)),
        workload_selector=None if selector is None else selector.match_labels,
        traffic_policy=spec.traffic_policy,
        subsets=spec.subsets,
        parts=(part,),
        origins=(part.origin,),
    )


def _applies_at_home(rule: MergedDestinationRule) -> bool:
    """False for a rule that is exported to other namespaces only: then it is for them alone."""
    return not rule.export_to or bool(rule.export_to & {EVERYWHERE, OWN_NAMESPACE, rule.namespace})


def _is_private(rule: MergedDestinationRule, private_default: bool) -> bool:
    if not rule.export_to:
        return private_default
    return len(rule.export_to) == 1 and bool(rule.export_to & {OWN_NAMESPACE, rule.namespace})


class Exports(Enum):
    """How the exports of an incoming rule relate to those of one that is there."""

    SAME = auto()
    SUPERSET = auto()
    OTHER = auto()


class Selectors(Enum):
    """Which workloads two rules are for."""

    SAME = auto()  # those that one selector selects, or all
    OTHER = auto()
    MIXED = auto()  # one rule is for all, the other for some


class Meeting(Enum):
    """What becomes of an incoming rule where another is there for the host."""

    JOIN = auto()  # the rule that is there gets what it lacks
    JOIN_AND_KEEP = auto()  # likewise, and the incoming rule stays besides
    KEEP = auto()  # both stay as they are


MEETINGS: Mapping[tuple[Exports, Selectors], Meeting] = {
    (Exports.SAME, Selectors.SAME): Meeting.JOIN,
    (Exports.SAME, Selectors.MIXED): Meeting.JOIN,
    (Exports.SAME, Selectors.OTHER): Meeting.KEEP,
    (Exports.SUPERSET, Selectors.SAME): Meeting.JOIN,
    (Exports.SUPERSET, Selectors.MIXED): Meeting.JOIN_AND_KEEP,  # for the namespaces that the other one is not for
    (Exports.SUPERSET, Selectors.OTHER): Meeting.KEEP,
    (Exports.OTHER, Selectors.SAME): Meeting.KEEP,
    (Exports.OTHER, Selectors.MIXED): Meeting.KEEP,
    (Exports.OTHER, Selectors.OTHER): Meeting.KEEP,
}


def _merge(rules: dict[str, list[MergedDestinationRule]], incoming: MergedDestinationRule) -> None:
    """Join a rule with those of its host as the table says; the last of them decides whether it stays besides."""
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
        traffic_policy=incoming.traffic_policy if rule.traffic_policy is None else rule.traffic_policy,
        subsets=(*rule.subsets, *(subset for subset in incoming.subsets if subset.name not in known)),
        parts=(*rule.parts, *incoming.parts),
        origins=(*rule.origins, *incoming.origins),
    )


def _frozen(rules: Mapping[str, list[MergedDestinationRule]]) -> RulesByHost:
    return {host: tuple(group) for host, group in rules.items()}


def _label_keys(rules: Mapping[str, Iterable[MergedDestinationRule]]) -> Iterator[str]:
    """The labels that the selectors and failover priorities of rules name."""
    for group in rules.values():
        for rule in group:
            yield from rule.workload_selector or ()
            for policy in (rule.traffic_policy, *(subset.traffic_policy for subset in rule.subsets)):
                yield from () if policy is None else _failover_labels(policy)


def _failover_labels(policy: TrafficPolicy) -> Iterator[str]:
    for balancer in (policy.load_balancer, *(settings.load_balancer for settings in policy.port_level_settings)):
        if balancer is not None and balancer.locality_lb_setting is not None:
            yield from (label.partition("=")[0] for label in balancer.locality_lb_setting.failover_priority)
