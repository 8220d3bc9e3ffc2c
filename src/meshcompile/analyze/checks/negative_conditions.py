"""Conditions in the status of objects that say that something failed. Follows istioctl's `ConditionAnalyzer`."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from meshcompile.analyze.context import Context
from meshcompile.analyze.places import whole
from meshcompile.codes.schema import NEGATIVE_CONDITION
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Resource
from meshcompile.models.common import IstioCondition, IstioResource
from meshcompile.models.gateway_api.base import GatewayApiResource
from meshcompile.models.kubernetes.base import Condition
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.networking.service_entry import ServiceEntry
from meshcompile.models.networking.workload_entry import WorkloadEntry
from meshcompile.models.security.authorization_policy import AuthorizationPolicy

WAYPOINT_BOUND = frozenset({"istio.io/WaypointBound"})
POLICY_ACCEPTED = frozenset({"ZtunnelAccepted", "WaypointAccepted"})
GATEWAY_API_KINDS = ("KubernetesGateway", "HTTPRoute", "GRPCRoute")
"""Their models are not imported here, for a fast start: many meshes have none of them."""
OF_GATEWAY_API = frozenset({"Accepted", "Programmed", "ResolvedRefs"})


class _Reported(NamedTuple):
    """A condition of any object."""

    type: str
    status: str
    reason: str
    message: str


def negative_conditions(context: Context) -> Iterator[Diagnostic]:
    """A finding for each condition that says that Istio could not do what an object asks for."""
    written = context.written
    for service in written.all(Service):
        conditions = () if service.status is None else service.status.conditions
        yield from _findings(service, map(_of_model, conditions), WAYPOINT_BOUND)
    for entry in (*written.all(ServiceEntry), *written.all(WorkloadEntry)):
        yield from _findings(entry, _of_istio(entry), WAYPOINT_BOUND)
    for policy in written.all(AuthorizationPolicy):
        yield from _findings(policy, _of_istio(policy), POLICY_ACCEPTED)
    for kind in GATEWAY_API_KINDS:
        for resource in written.resources.by_kind.get(kind, ()):
            if isinstance(resource, GatewayApiResource):
                yield from _findings(resource, _of_gateway_api(resource), OF_GATEWAY_API)


def _of_istio(resource: IstioResource) -> Iterator[_Reported]:
    return map(_of_model, () if resource.status is None else resource.status.conditions)


def _of_model(condition: Condition | IstioCondition) -> _Reported:
    return _Reported(condition.type, condition.status, condition.reason, condition.message)


def _of_gateway_api(resource: GatewayApiResource) -> Iterator[_Reported]:
    """The conditions of a Gateway, or those of a route at each of its parents. The status is as written."""
    parts = [resource.status] if resource.kind == "Gateway" else _mappings(resource.status.get("parents"))
    for condition in (condition for part in parts for condition in _mappings(part.get("conditions"))):
        yield _Reported(*(str(condition.get(field, "")) for field in _Reported._fields))


def _mappings(value: object) -> Iterator[Mapping[str, Any]]:
    """The mappings in a list. None in anything else."""
    return (item for item in (value if isinstance(value, list) else ()) if isinstance(item, Mapping))


def _findings(resource: Resource, conditions: Iterable[_Reported], types: frozenset[str]) -> Iterator[Diagnostic]:
    for condition in conditions:
        partly = condition.type == "WaypointAccepted" and condition.reason == "PartiallyInvalid"
        if condition.type in types and (condition.status == "False" or partly):
            yield NEGATIVE_CONDITION(resource, reported=whole(resource), **condition._asdict())
