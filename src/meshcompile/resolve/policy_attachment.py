"""Whether a policy is for a proxy: istiod's `WorkloadPolicyMatcher.ShouldAttachPolicy`.

Workloads are selected by their labels. Gateways of the Gateway API are targeted by name, and selected by labels only by
policies without a target. Waypoints are targeted, as are the services that they stand before.
"""

from collections.abc import Iterable
from enum import StrEnum

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


class Refusal(StrEnum):
    """Why a policy is not for a proxy."""

    SELECTOR = "its selector does not match the proxy's labels"
    TARGET = "its targets do not name the proxy, nor a service that it stands before"
    WAYPOINT = "a waypoint is targeted, and selected by no labels"


def attaches(
    spec: Attachable, namespace: str, proxy: Proxy, root_namespace: str, services: Iterable[Service] = ()
) -> bool:
    """Whether a policy of `namespace` is for the proxy; `services` are those that a waypoint stands before."""
    return refusal(spec, namespace, proxy, root_namespace, services) is None


def refusal(
    spec: Attachable, namespace: str, proxy: Proxy, root_namespace: str, services: Iterable[Service] = ()
) -> Refusal | None:
    """Why a policy is not for the proxy; None when it is."""
    targeted = targets(spec)
    if proxy.labels.get(GATEWAY_NAME) is not None and targeted:
        named = any(_is_target(target, namespace, proxy, root_namespace, services) for target in targeted)
        return None if named else Refusal.TARGET
    if targeted:
        return Refusal.TARGET
    if proxy.type is ProxyType.WAYPOINT and proxy.labels.get(GATEWAY_NAME) is not None:
        return Refusal.WAYPOINT
    return None if _selected(spec, proxy) else Refusal.SELECTOR


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
