"""Whether a policy applies to a proxy. Follows istiod's `WorkloadPolicyMatcher.ShouldAttachPolicy`.

Labels select workloads. Policies target gateways of the Gateway API by name. Labels select such a gateway only in a
policy without targets. Policies target waypoints, and the services behind them.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Protocol

from meshcompile.documents import Origin
from meshcompile.models.common import PolicyTargetReference
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.resolve.skipped import Skipped, of_namespace
from meshcompile.snapshot.policy_targets import Attachable, targets
from meshcompile.snapshot.service import Registry, Service
from meshcompile.values.labels import selects

GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
GATEWAY_API = "gateway.networking.k8s.io"
WAYPOINT_CLASS = "istio-waypoint"
# The group and kind of a target that is a service behind a waypoint.
_SERVICE_KINDS = {("", "Service"): Registry.KUBERNETES, ("networking.istio.io", "ServiceEntry"): Registry.EXTERNAL}


class Refusal(StrEnum):
    """Why a policy does not apply to a proxy."""

    SELECTOR = "its selector does not match the proxy's labels"
    TARGET = "its targets do not name the proxy, nor a service that it stands before"
    WAYPOINT = "a waypoint is targeted, and selected by no labels"


class AttachablePolicy(Protocol):
    """A policy with its namespace."""

    @property
    def namespace(self) -> str: ...

    @property
    def spec(self) -> Attachable: ...

    @property
    def origin(self) -> Origin: ...


def attaches(
    spec: Attachable, namespace: str, proxy: Proxy, root_namespace: str, services: Iterable[Service] = ()
) -> bool:
    """True when a policy of `namespace` applies to the proxy. `services` are those behind a waypoint."""
    return refusal(spec, namespace, proxy, root_namespace, services) is None


def refusal(
    spec: Attachable, namespace: str, proxy: Proxy, root_namespace: str, services: Iterable[Service] = ()
) -> Refusal | None:
    """Why a policy does not apply to the proxy; None when it does."""
    targeted = targets(spec)
    if proxy.labels.get(GATEWAY_NAME) is not None and targeted:
        named = any(_is_target(target, namespace, proxy, root_namespace, services) for target in targeted)
        return None if named else Refusal.TARGET
    if targeted:
        return Refusal.TARGET
    if proxy.type is ProxyType.WAYPOINT and proxy.labels.get(GATEWAY_NAME) is not None:
        return Refusal.WAYPOINT
    return None if _selected(spec, proxy) else Refusal.SELECTOR


def skipped_policies(
    policies: Iterable[AttachablePolicy], proxy: Proxy, root_namespace: str, services: Iterable[Service]
) -> Iterator[Skipped]:
    """The policies that do not apply to a proxy. `services` are those behind a waypoint.

    Policies apply in their own namespace, and those of the root namespace apply everywhere.
    """
    behind = tuple(services)
    namespaces = {proxy.namespace, root_namespace, *(service.namespace for service in behind)}
    for policy in policies:
        if policy.namespace not in namespaces:
            yield Skipped(policy.origin, of_namespace(policy.namespace))
        elif reason := refusal(policy.spec, policy.namespace, proxy, root_namespace, behind):
            yield Skipped(policy.origin, reason)


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
