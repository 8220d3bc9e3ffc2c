"""The JSON Schema of facts."""

from collections.abc import Mapping
from typing import Any

from meshcompile.json_schema import DIALECT

Shape = Mapping[str, Any]


def _shape(kind: Any, description: str, **more: Any) -> Shape:
    return {"type": kind, "description": description, **more}


TEXT, TEXTS = "string", {"items": {"type": "string"}}
PORT: Shape = {
    "type": "object",
    "properties": {
        "number": _shape("integer", "Number of the port."),
        "name": _shape(TEXT, "Name of the port."),
        "protocol": _shape(TEXT, "Protocol, such as HTTP."),
    },
}
PLACE: Mapping[str, Shape] = {
    "file": _shape(TEXT, "File that the fact comes from."),
    "line": _shape("integer", "Line in the file."),
}
OBJECT: Mapping[str, Shape] = {
    "kind": _shape(TEXT, "Kind of the object."),
    "namespace": _shape(TEXT, "Namespace of the object."),
    "name": _shape(TEXT, "Name of the object."),
}
HOST: Mapping[str, Shape] = {
    "host": _shape(TEXT, "Host, such as catalog.shop.svc.cluster.local."),
    "namespace": OBJECT["namespace"],
    "registry": _shape(TEXT, "kubernetes or external: where the host is declared."),
    "external": _shape("boolean", "Whether the host is outside of the mesh."),
    "ports": _shape("array", "Ports.", items=PORT),
}
ROUTE: Mapping[str, Shape] = {
    **OBJECT,
    "route": _shape(TEXT, "Name of the route."),
    "proxy": _shape(TEXT, "First proxy that has the route."),
    "domains": _shape("array", "Domains of the virtual host.", **TEXTS),
    "path": _shape(TEXT, "Condition on the path: exact:/a, prefix:/a or regex:/a.*; empty for another one."),
    "clusters": _shape("array", "Clusters that get the requests.", **TEXTS),
    "mirrors": _shape("array", "Clusters that get copies.", **TEXTS),
    "timeout": _shape(["number", "null"], "Timeout in seconds; null for none."),
    "retries": _shape("integer", "Number of tries after the first one."),
}
EXPOSURE: Mapping[str, Shape] = {
    **OBJECT,
    "port": _shape("integer", "Port of the gateway."),
    "protocol": _shape(TEXT, "Protocol in capitals."),
    "hosts": _shape("array", "Hosts without their namespace; * for all.", **TEXTS),
    "tls": _shape(["string", "null"], "Mode of TLS; null for none."),
}
POLICY: Mapping[str, Shape] = {
    "namespace": OBJECT["namespace"],
    "name": OBJECT["name"],
    "action": _shape(TEXT, "ALLOW, DENY, AUDIT or CUSTOM."),
    "rules": _shape("integer", "Number of rules."),
    "workloads": _shape("array", "Workloads that enforce the policy.", **TEXTS),
}
WORKLOAD: Mapping[str, Shape] = {
    "name": _shape(TEXT, "Name, such as deployment/web.shop."),
    "namespace": OBJECT["namespace"],
    "type": _shape(TEXT, "sidecar, router or waypoint."),
    "labels": _shape("object", "Labels.", additionalProperties={"type": "string"}),
    "identity": _shape(TEXT, "SPIFFE identity."),
    "policies": _shape("array", "AuthorizationPolicies that it enforces, as NAMESPACE/NAME.", **TEXTS),
}
WRITTEN: Mapping[str, Shape] = {
    "apiVersion": _shape(TEXT, "API group and version."),
    "kind": OBJECT["kind"],
    "metadata": _shape("object", "Metadata, with name and namespace."),
    "spec": _shape("object", "Spec as it is written."),
}
FACTS: Mapping[str, tuple[str, Mapping[str, Shape]]] = {
    "hosts": ("One for each host of a Service or a ServiceEntry.", HOST),
    "routes": ("One for each route that an object asks for, at the first proxy that has it.", ROUTE),
    "exposures": ("One for each port of a Gateway.", EXPOSURE),
    "policies": ("One for each AuthorizationPolicy.", POLICY),
    "workloads": ("One for each workload with a proxy.", WORKLOAD),
    "objects": ("One for each accepted object.", WRITTEN),
}
"""The fields of each kind of facts, with a description."""


def facts_schema() -> Mapping[str, Any]:
    """The schema of the variables of rules."""
    return {
        "$schema": DIALECT,
        "$id": "urn:meshcompile:schema:facts",
        "title": "Facts of a mesh",
        "type": "object",
        "required": list(FACTS),
        "properties": {name: _of(text, fields) for name, (text, fields) in FACTS.items()},
    }


def _of(description: str, fields: Mapping[str, Shape]) -> Shape:
    """The schema of a list of facts. Objects can have more fields."""
    properties = {**fields, **PLACE}
    item = {"type": "object", "required": list(properties), "properties": properties}
    return _shape("array", description, items=item if fields is WRITTEN else {**item, "additionalProperties": False})
