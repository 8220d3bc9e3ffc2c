"""Which policies with a selector or targetRefs a proxy has: istiod's `WorkloadPolicyMatcher.ShouldAttachPolicy`."""

from typing import Protocol

from meshcompile.labels import selects
from meshcompile.models.common import PolicyTargetReference, WorkloadSelector
from meshcompile.proxy import Proxy, ProxyType

GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
GATEWAY_GROUP = "gateway.networking.k8s.io"
WAYPOINT_CLASS = "istio-waypoint"


class Targetable(Protocol):
    """The spec of a policy that says what it is for."""

    @property
    def selector(self) -> WorkloadSelector | None: ...
    @property
    def target_ref(self) -> PolicyTargetReference | None: ...
    @property
    def target_refs(self) -> tuple[PolicyTargetReference, ...]: ...


def targets(policy: Targetable) -> tuple[PolicyTargetReference, ...]:
    """The objects that a policy is attached to; the older `targetRef` only counts alone."""
    return policy.target_refs or (() if policy.target_ref is None else (policy.target_ref,))


def attaches(policy: Targetable, namespace: str, proxy: Proxy, root_namespace: str) -> bool:
    """True when a policy of `namespace` concerns the proxy.

    Targets only mean gateways of the Gateway API, and waypoints, which in turn look at nothing else.
    """
    wanted = targets(policy)
    gateway = proxy.labels.get(GATEWAY_NAME)
    is_waypoint = proxy.type is ProxyType.WAYPOINT
    if gateway is None or (not wanted and not is_waypoint):
        return not wanted and _is_selected(policy, proxy)
    return any(_targets(each, gateway, namespace, proxy, root_namespace) for each in wanted)


def _is_selected(policy: Targetable, proxy: Proxy) -> bool:
    return policy.selector is None or selects(policy.selector.match_labels, proxy.labels)


def _targets(target: PolicyTargetReference, gateway: str, namespace: str, proxy: Proxy, root_namespace: str) -> bool:
    if target.group != GATEWAY_GROUP:
        return False
    if target.kind == "GatewayClass":
        is_waypoint = proxy.type is ProxyType.WAYPOINT
        return is_waypoint and namespace == root_namespace and target.name == WAYPOINT_CLASS
    is_own = namespace == proxy.namespace and target.namespace in ("", proxy.namespace)
    return is_own and target.kind == "Gateway" and target.name == gateway
