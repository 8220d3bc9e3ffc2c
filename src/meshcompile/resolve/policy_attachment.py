"""Whether a policy is for a proxy: istiod's `WorkloadPolicyMatcher.ShouldAttachPolicy`.

Workloads are selected by their labels. Gateways of the Gateway API are targeted by name, and selected by labels only by
policies without a target. Waypoints are targeted, as are the services that they stand before.
"""

from collections.abc import Iterable

from meshcompile.labels import selects
from meshcompile.models.common import PolicyTargetReference
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.snapshot.policy_targets import Attachable, targets
from meshcompile.snapshot.service import Registry, Service

GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
GATEWAY_API = "gateway.networking.k8s.io"
WAYPOINT_CLASS = "istio-waypoint"
# The group and kind under which a waypoint's services are targeted.
_SERVICE_KINDS = {("", "Service"): Registry.KUBERNETES, ("networking.istio.io", "ServiceEntry"): Registry.EXTERNAL}


def attaches(
    spec: Attachable, namespace: str, proxy: Proxy, root_namespace: str, services: Iterable[Service] = ()
) -> bool:
    """Whether a policy of `namespace` is for the proxy; `services` are those that a waypoint stands before."""
    targeted = targets(spec)
    gateway = proxy.labels.get(GATEWAY_NAME)
    if gateway is None:
        return not targeted and _selected(spec, proxy)
    if not targeted:
        return proxy.type is not ProxyType.WAYPOINT and _selected(spec, proxy)
    return any(_is_target(target, namespace, proxy, root_namespace, services) for target in targeted)


def _selected(spec: Attachable, proxy: Proxy) -> bool:
    return spec.selector is None or selects(spec.selector.match_labels, proxy.labels)


def _is_target(
    target: PolicyTargetReference, namespace: str, proxy: Proxy, root_namespace: str, services: Iterable[Service]
) -> bool:
    kind = ("" if target.group == "core" else target.group, target.kind)
    if proxy.type is ProxyType.WAYPOINT:
        if registry := _SERVICE_KINDS.get(kind):
            return any(
                (service.object_name or service.name, service.namespace, service.registry)
                == (target.name, namespace, registry)
                for service in services
            )
        if kind == (GATEWAY_API, "GatewayClass") and namespace == root_namespace and target.name == WAYPOINT_CLASS:
            return True
    return (
        kind == (GATEWAY_API, "Gateway")
        and target.name == proxy.labels.get(GATEWAY_NAME)
        and proxy.namespace == namespace
        and target.namespace in ("", proxy.namespace)
    )
