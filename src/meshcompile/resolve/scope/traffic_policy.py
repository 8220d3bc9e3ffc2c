"""The traffic policies of a DestinationRule that hold for a port of a service or subset.

Clusters get an `EffectivePolicy`, in which port-level settings replace the rule's as a whole. It follows istiod's
`util.GetPortLevelTrafficPolicy` and `MergeSubsetTrafficPolicy`. Routes, TCP connections and endpoints look for one
setting in the `policy_levels`, from the narrowest to the widest, as `HashForHTTPDestination` and `mtlsChecker` do.
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.models.mesh.mesh_config import DefaultTrafficPolicy
from meshcompile.models.networking.destination_rule import (
    ClientTLSMode,
    ClientTLSSettings,
    ConnectionPoolSettings,
    ConsistentHashLB,
    LoadBalancerSettings,
    OutlierDetection,
    PortTrafficPolicy,
    ProxyProtocol,
    RetryBudget,
    TrafficPolicy,
    TunnelSettings,
)
from meshcompile.snapshot.destination_rules import MergedDestinationRule


class EffectivePolicy(Struct, frozen=True):
    """The settings of one port; None for settings that nobody sets."""

    connection_pool: ConnectionPoolSettings | None = None
    load_balancer: LoadBalancerSettings | None = None
    outlier_detection: OutlierDetection | None = None
    tls: ClientTLSSettings | None = None
    tunnel: TunnelSettings | None = None
    proxy_protocol: ProxyProtocol | None = None
    retry_budget: RetryBudget | None = None

    def __hash__(self) -> int:
        """The hash of which settings are present. The policies of one service rarely differ in anything else."""
        return hash((self.connection_pool is None, self.load_balancer is None, self.outlier_detection is None))

    def is_written_where(self, other: "EffectivePolicy") -> bool:
        """True when the settings of an equal policy are the same objects, and so have the same places."""
        return (
            self.connection_pool is other.connection_pool
            and self.load_balancer is other.load_balancer
            and self.retry_budget is other.retry_budget
        )

    @property
    def tls_mode(self) -> ClientTLSMode | None:
        return None if self.tls is None else self.tls.mode


NO_POLICY = EffectivePolicy()


class EffectivePolicies:
    """The effective policies of a rule. Ports without port-level settings share one.

    `default` is the mesh's. It fills what the rule leaves out for a port, before its subsets.
    """

    def __init__(self, rule: TrafficPolicy | None, default: DefaultTrafficPolicy | None = None) -> None:
        self._rule, self._default = rule, default
        self._whole = with_default(NO_POLICY if rule is None else _whole(rule), default)

    def of_port(self, port: int) -> EffectivePolicy:
        """The policy of a port.

        Port-level settings replace the rule's settings, including those that they leave out.
        """
        settings = None if self._rule is None else _port_settings(self._rule, port)
        return self._whole if settings is None else with_default(_of_port(settings), self._default)

    def of_subset(self, subset: TrafficPolicy | None, port: int) -> EffectivePolicy:
        """The policy of a subset for a port. Settings of the subset take precedence over the rule's.

        Port-level settings of the subset replace the four settings that ports can have, including those that they leave
        out.
        """
        inherited = self.of_port(port)
        return inherited if subset is None else _merged(inherited, subset, port)


def port_policy(
    policy: TrafficPolicy | None, port: int, default: DefaultTrafficPolicy | None = None
) -> EffectivePolicy:
    """The policy of a rule for a port, with what the mesh's default adds to it."""
    return EffectivePolicies(policy, default).of_port(port)


def with_default(policy: EffectivePolicy, default: DefaultTrafficPolicy | None) -> EffectivePolicy:
    """The policy with what it lacks from the mesh's default."""
    if default is None:
        return policy
    pool, outliers = policy.connection_pool, policy.outlier_detection
    return replace(
        policy,
        connection_pool=default.connection_pool if pool is None else pool,
        outlier_detection=default.outlier_detection if outliers is None else outliers,
    )


def subset_policy(rule: TrafficPolicy | None, subset: TrafficPolicy | None, port: int) -> EffectivePolicy:
    """The policy of a subset for a port."""
    return EffectivePolicies(rule).of_subset(subset, port)


def _merged(inherited: EffectivePolicy, subset: TrafficPolicy, port: int) -> EffectivePolicy:
    settings = _port_settings(subset, port)
    own = _whole(subset) if settings is None else _of_port(settings)
    replaces = settings is not None
    return EffectivePolicy(
        connection_pool=own.connection_pool if replaces else own.connection_pool or inherited.connection_pool,
        load_balancer=own.load_balancer if replaces else own.load_balancer or inherited.load_balancer,
        outlier_detection=own.outlier_detection if replaces else own.outlier_detection or inherited.outlier_detection,
        tls=own.tls if replaces else own.tls or inherited.tls,
        tunnel=own.tunnel or inherited.tunnel,
        proxy_protocol=own.proxy_protocol or inherited.proxy_protocol,
        retry_budget=own.retry_budget or inherited.retry_budget,
    )


def _port_settings(policy: TrafficPolicy, port: int) -> PortTrafficPolicy | None:
    """The first port-level settings of a policy for a port number."""
    return next(_all_port_settings(policy, port), None)


def _all_port_settings(policy: TrafficPolicy, port: int) -> Iterator[PortTrafficPolicy]:
    for settings in policy.port_level_settings:
        if settings.port is not None and settings.port.number == port:
            yield settings


def _whole(policy: TrafficPolicy) -> EffectivePolicy:
    return EffectivePolicy(
        connection_pool=policy.connection_pool,
        load_balancer=policy.load_balancer,
        outlier_detection=policy.outlier_detection,
        tls=policy.tls,
        tunnel=policy.tunnel,
        proxy_protocol=policy.proxy_protocol,
        retry_budget=policy.retry_budget,
    )


def _of_port(settings: PortTrafficPolicy) -> EffectivePolicy:
    return EffectivePolicy(
        connection_pool=settings.connection_pool,
        load_balancer=settings.load_balancer,
        outlier_detection=settings.outlier_detection,
        tls=settings.tls,
    )


# ---- one setting, from the narrowest level that has it

PolicyLevel: TypeAlias = TrafficPolicy | PortTrafficPolicy


def policy_levels(
    rule: MergedDestinationRule | None, subset_name: str = "", port: int | None = None
) -> Iterator[PolicyLevel]:
    """The policies for a destination, narrowest first: the subset's port, the subset, the rule's port, the rule.

    Without a port, port-level settings do not count. Without a name, there is no subset.
    """
    if rule is None:
        return
    subset = rule.subset(subset_name)
    for policy in (None if subset is None else subset.traffic_policy, rule.traffic_policy):
        if policy is not None:
            settings = None if port is None else _port_settings(policy, port)
            if settings is not None:
                yield settings
            yield policy


def load_balancer(levels: Iterable[PolicyLevel]) -> LoadBalancerSettings | None:
    """The load balancer of the narrowest level that has one."""
    return next((level.load_balancer for level in levels if level.load_balancer is not None), None)


def consistent_hash(levels: Iterable[PolicyLevel]) -> ConsistentHashLB | None:
    """The hash of the narrowest level that has one, whether or not narrower levels have another load balancer."""
    balancers = (level.load_balancer for level in levels if level.load_balancer is not None)
    return next((balancer.consistent_hash for balancer in balancers if balancer.consistent_hash is not None), None)


def tls_settings(policy: TrafficPolicy, port: int) -> ClientTLSSettings | None:
    """The TLS settings of a policy for a port: the first port-level ones, or the general ones."""
    of_port = (settings.tls for settings in _all_port_settings(policy, port) if settings.tls is not None)
    return next(of_port, policy.tls)
