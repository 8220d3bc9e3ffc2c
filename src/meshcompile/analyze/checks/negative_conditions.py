"""Conditions in the status of objects that say that something failed. Follows istioctl's `ConditionAnalyzer`."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from meshcompile.analyze.context import Context
from meshcompile.analyze.places import whole
from meshcompile.codes.schema import NEGATIVE_CONDITION
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
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
    place: Origin


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
    return _Reported(condition.type, condition.status, condition.reason, condition.message, condition.at("status"))


def _of_gateway_api(resource: GatewayApiResource) -> Iterator[_Reported]:
    """The conditions of a Gateway, or those of a route at each of its parents. The status is as written."""
    status = (resource.status, resource.origin.at("status"))
    parts = [status] if resource.kind == "Gateway" else _mappings(*status, "parents")
    for condition, place in (each for part in parts for each in _mappings(*part, "conditions")):
        kind, state, reason, message = (str(condition.get(field, "")) for field in _Reported._fields[:4])
        yield _Reported(kind, state, reason, message, place.at("status"))


def _mappings(value: Mapping[str, Any], place: Origin, field: str) -> Iterator[tuple[Mapping[str, Any], Origin]]:
    """The mappings in a list at a field, with their places. None in anything else."""
    items = value.get(field)
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, Mapping):
            yield item, place.at(field, index)


def _findings(resource: Resource, conditions: Iterable[_Reported], types: frozenset[str]) -> Iterator[Diagnostic]:
    for condition in conditions:
        partly = condition.type == "WaypointAccepted" and condition.reason == "PartiallyInvalid"
        if condition.type in types and (condition.status == "False" or partly):
            said = condition._asdict()
            yield NEGATIVE_CONDITION(said.pop("place"), reported=whole(resource), **said)
