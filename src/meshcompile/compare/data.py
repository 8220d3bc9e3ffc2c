"""The difference of two meshes as plain data, as `meshcompile diff -o json` prints it, and its JSON Schema."""

from collections.abc import Iterable, Mapping
from typing import Any

from meshcompile.compare.authorization import POLICIES
from meshcompile.compare.mesh_diff import MeshChange, MeshDiff, ResourceGroup
from meshcompile.compare.resources import ResourceChange
from meshcompile.documents import Origin
from meshcompile.json_schema import COUNT, DIALECT, TEXT, TEXTS


def diff_data(diff: MeshDiff) -> dict[str, Any]:
    """The difference as JSON data."""
    return {
        "behaviour": diff.behaviour,
        "proved": diff.proved,
        "changes": list(map(change_data, diff.changes)),
        "risky": [str(risk) for risk in diff.risky],
        "policies": [each.to_dict() for each in diff.policies],
        "undecided": [{"proxy": proxy, "reason": reason} for proxy, reason in diff.undecided],
        "resources": list(map(group_data, diff.resources)),
        "proxies": {"unchanged": diff.unchanged, "added": list(diff.added), "removed": list(diff.removed)},
    }


def change_data(change: MeshChange) -> dict[str, Any]:
    """A set of requests that is treated differently."""
    return {
        "proxies": list(change.proxies),
        "requests": change.requests,
        "hosts": list(change.hosts),
        "witness": change.witness,
        "before": change.before,
        "after": change.after,
        "settings": [each.to_dict() for each in change.settings],
        "lines": {"before": lines(change.lines_before), "after": lines(change.lines_after)},
        "risky": [str(risk) for risk in change.risky],
    }


def lines(origins: Iterable[Origin]) -> list[str]:
    """`FILE:LINE` of each place, each once, in order."""
    return list(dict.fromkeys(f"{origin.file}:{origin.line}" for origin in origins))


def group_data(group: ResourceGroup) -> dict[str, Any]:
    """Resources that change in the same way at several proxies."""
    return {"proxies": list(group.proxies), "changes": list(map(_resource, group.resources))}


def _resource(change: ResourceChange) -> dict[str, Any]:
    fields = [{"pointer": each.pointer, "before": each.before, "after": each.after} for each in change.fields]
    return {"type": change.type, "name": change.name, "change": str(change.change), "fields": fields}


def diff_schema() -> Mapping[str, Any]:
    """The JSON Schema of `meshcompile diff -o json`."""
    return {
        "$schema": DIALECT,
        "$id": "urn:meshcompile:schema:diff",
        "title": "Diff",
        "description": "The output of `meshcompile diff -o json`: what a change does to requests and to resources.",
        "type": "object",
        "required": list(DIFF),
        "properties": DIFF,
    }


RISKS = {
    "type": "array",
    "items": {
        "enum": ["exposure", "authorization-widened", "mtls-weakened", "route-to-nothing", "listener-drain"],
    },
}
OUTCOME: dict[str, Any] = {
    "type": "object",
    "description": (
        "What becomes of the witness: `status` (null for a closed connection), `flags` of Envoy, `cluster`, "
        "`answered_by`, `mtls`, `tls` for TLS that is not mutual, "
        "`timeout`, `retries`, `mirrors`; or `outcomes` with a `share` in percent each."
    ),
}
LINES = {
    "type": "object",
    "required": ["before", "after"],
    "properties": {
        "before": {**TEXTS, "description": "`FILE:LINE` of what differs, before the change."},
        "after": {**TEXTS, "description": "`FILE:LINE` of what differs, after the change."},
    },
}
SETTING = {
    "group": {**TEXT, "description": "What the setting is part of, such as `connection pool`."},
    "name": TEXT,
    "before": {},
    "after": {},
}
CHANGE = {
    "proxies": {**TEXTS, "description": "The workloads whose proxies treat the requests differently."},
    "requests": {**TEXT, "description": "The requests, in words."},
    "hosts": {**TEXTS, "description": "The hosts that the requests are sent to, as far as they are known."},
    "witness": {"type": "object", "description": "One of the requests."},
    "before": OUTCOME,
    "after": OUTCOME,
    "settings": {
        "type": "array",
        "description": "Where both outcomes look the same: settings that differ, such as those of a connection pool.",
        "items": {"type": "object", "required": list(SETTING), "properties": SETTING},
    },
    "lines": LINES,
    "risky": {**RISKS, "description": "What is risky about the change."},
}
FIELD = {"pointer": TEXT, "before": {}, "after": {}}
RESOURCE = {
    "type": {"enum": ["listeners", "routes", "clusters", "endpoints", "extensions"]},
    "name": TEXT,
    "change": {"enum": ["added", "removed", "changed"]},
    "fields": {"type": "array", "items": {"type": "object", "required": list(FIELD), "properties": FIELD}},
}
GROUP = {
    "proxies": TEXTS,
    "changes": {"type": "array", "items": {"type": "object", "required": list(RESOURCE), "properties": RESOURCE}},
}
UNDECIDED = {"proxy": TEXT, "reason": TEXT}
PROXIES = {"unchanged": COUNT, "added": TEXTS, "removed": TEXTS}
DIFF = {
    "behaviour": {"enum": ["none", "changed", "unknown"], "description": "Whether any request is treated differently."},
    "proved": {"type": "boolean", "description": "Whether it is proved that no request is treated differently."},
    "changes": {
        "type": "array",
        "description": "Sets of requests whose outcome differs.",
        "items": {"type": "object", "required": list(CHANGE), "properties": CHANGE},
    },
    "risky": {**RISKS, "description": "What is risky about any of the changes."},
    "policies": POLICIES,
    "undecided": {
        "type": "array",
        "description": "What could not be compared, and why.",
        "items": {"type": "object", "required": list(UNDECIDED), "properties": UNDECIDED},
    },
    "resources": {
        "type": "array",
        "description": "The resources that changed, by groups of proxies with the same changes.",
        "items": {"type": "object", "required": list(GROUP), "properties": GROUP},
    },
    "proxies": {"type": "object", "required": list(PROXIES), "properties": PROXIES},
}
