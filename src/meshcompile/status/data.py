"""Statuses as plain data: what Kubernetes shows, and the place of each condition. schemas/status.json describes it."""

from collections.abc import Iterable

from meshcompile.documents import Origin
from meshcompile.snapshot.gateway_api.conditions import StatusCondition
from meshcompile.status.objects import (
    GatewayStatus,
    ListenerStatus,
    ObjectStatus,
    OwnConditions,
    PolicyStatus,
    Reference,
    ReferenceStatus,
    RouteStatus,
    Status,
)

Data = dict[str, object]


def status_data(of: ObjectStatus) -> Data:
    """One object with its status."""
    namespace = {"namespace": of.namespace} if of.namespace else {}
    return {
        "apiVersion": of.api_version,
        "kind": of.kind,
        "metadata": {"name": of.name, **namespace},
        "origin": _origin(of.origin),
        "status": _status(of.status, of.kind),
    }


def _status(status: Status, kind: str) -> Data:
    match status:
        case OwnConditions(conditions=conditions):
            return {"conditions": _conditions(conditions)}
        case GatewayStatus():
            return _gateway(status)
        case RouteStatus(parents=parents):
            return {"parents": [_entry("parentRef", each) for each in parents]}
        case PolicyStatus(ancestors=ancestors):
            return {"ancestors": [_entry("ancestorRef", each) for each in ancestors]}


def _gateway(status: GatewayStatus) -> Data:
    parts: Data = {
        "addresses": [{"type": each.type, "value": each.value} for each in status.addresses],
        "attachedListenerSets": status.attached_listener_sets,
        "conditions": _conditions(status.conditions),
        "listeners": [_listener(each) for each in status.listeners],
    }
    return {name: part for name, part in parts.items() if part}


def _listener(listener: ListenerStatus) -> Data:
    return {
        "name": listener.name,
        "attachedRoutes": listener.attached_routes,
        "supportedKinds": [{"group": each.group, "kind": each.kind} for each in listener.supported_kinds],
        "conditions": _conditions(listener.conditions),
    }


def _entry(field: str, entry: ReferenceStatus) -> Data:
    return {
        field: _reference(entry.reference),
        "controllerName": str(entry.controller),
        "conditions": _conditions(entry.conditions),
    }


def _reference(reference: Reference) -> Data:
    parts: Data = {
        "group": reference.group,
        "kind": reference.kind,
        "name": reference.name,
        "namespace": reference.namespace,
        "sectionName": reference.section_name,
        "port": reference.port,
    }
    return {name: part for name, part in parts.items() if part is not None}


def _conditions(conditions: Iterable[StatusCondition]) -> list[Data]:
    return [
        {
            "type": each.type,
            "status": each.status,
            "reason": each.reason,
            "message": each.message,
            "origin": _origin(each.origin),
        }
        for each in conditions
    ]


def _origin(origin: Origin) -> Data:
    return {"file": origin.file, "line": origin.line, "column": origin.column, "field": origin.field}
