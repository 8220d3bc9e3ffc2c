"""Conditions in the status of objects that say that something failed. Follows istioctl's `ConditionAnalyzer`.

Objects of the Gateway API are not read.
"""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.places import whole
from meshcompile.codes.schema import NEGATIVE_CONDITION
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.common import IstioCondition, IstioResource
from meshcompile.models.kubernetes.base import Condition
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.networking.service_entry import ServiceEntry
from meshcompile.models.networking.workload_entry import WorkloadEntry
from meshcompile.models.security.authorization_policy import AuthorizationPolicy

WAYPOINT_BOUND = frozenset({"istio.io/WaypointBound"})
ACCEPTED = frozenset({"ZtunnelAccepted", "WaypointAccepted"})


def negative_conditions(context: Context) -> Iterator[Diagnostic]:
    """A finding for each condition that says that Istio could not do what an object asks for."""
    written = context.written
    for service in written.all(Service):
        if service.status is not None:
            yield from _findings(service, service.status.conditions, WAYPOINT_BOUND)
    for resource in (*written.all(ServiceEntry), *written.all(WorkloadEntry)):
        yield from _findings(resource, _conditions(resource), WAYPOINT_BOUND)
    for policy in written.all(AuthorizationPolicy):
        yield from _findings(policy, _conditions(policy), ACCEPTED)


def _conditions(resource: IstioResource) -> tuple[IstioCondition, ...]:
    return () if resource.status is None else resource.status.conditions


def _findings(
    resource: Service | IstioResource, conditions: tuple[Condition | IstioCondition, ...], types: frozenset[str]
) -> Iterator[Diagnostic]:
    for condition in conditions:
        partly = condition.type == "WaypointAccepted" and condition.reason == "PartiallyInvalid"
        if condition.type in types and (condition.status == "False" or partly):
            yield NEGATIVE_CONDITION(
                resource,
                reported=whole(resource),
                type=condition.type,
                status=condition.status,
                reason=condition.reason,
                message=condition.message,
            )
