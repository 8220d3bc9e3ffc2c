"""A plan as plain data, as `meshcompile plan -o json` prints it, and its JSON Schema."""

from collections.abc import Mapping
from typing import Any

from meshcompile.compare.data import diff_data, diff_schema
from meshcompile.json_schema import COUNT, DIALECT, TEXT, TEXTS, list_of, object_of
from meshcompile.rollout.footprint import Drain, Footprint, Size
from meshcompile.rollout.order import OrderVerdict
from meshcompile.rollout.plan import Plan
from meshcompile.rollout.savings import Savings
from meshcompile.rollout.steps import PlanStep


def plan_data(plan: Plan) -> dict[str, Any]:
    """A plan as JSON data."""
    before, after = plan.sizes
    return {
        "diff": diff_data(plan.diff),
        "fleet": {
            "proxies": len(plan.footprints),
            "changed": sum(bool(each.types) for each in plan.footprints),
            "pushes": {name: list(workloads) for name, workloads in plan.pushes.items()},
            "before": _size(before),
            "after": _size(after),
            "workloads": [_footprint(each) for each in plan.footprints if each.types],
        },
        "drains": list(map(_drain, plan.drains)),
        "order": {
            "verdict": str(plan.verdict),
            "checked": plan.checked,
            "two_phases": plan.needs_two_phases,
            "steps": list(map(_step, plan.steps)),
            "blocked": [{"object": name, "problems": list(problems)} for name, problems in plan.blocked],
        },
        "savings": _savings(plan.savings),
    }


def _size(size: Size) -> dict[str, int]:
    return {"bytes": size.bytes, "resources": size.resources}


def _footprint(each: Footprint) -> dict[str, Any]:
    return {
        "workload": each.workload,
        "types": list(each.types),
        "before": _size(each.before),
        "after": _size(each.after),
    }


def _drain(drain: Drain) -> dict[str, Any]:
    return {
        "workload": drain.workload,
        "listener": drain.listener,
        "chains": list(drain.chains),
        "removed": drain.is_removed,
    }


def _step(step: PlanStep) -> dict[str, Any]:
    _, api_version, kind, namespace, name = step.edit.id
    return {
        "action": step.action,
        "object": {"apiVersion": api_version, "kind": kind, "namespace": namespace, "name": name},
        "place": None if step.edit.is_transitional else f"{step.edit.place.file}:{step.edit.place.line}",
        "reason": step.reason,
        "pushes": dict(step.pushes),
        "drains": list(map(_drain, step.drains)),
        **({} if step.manifest is None else {"manifest": step.manifest}),
    }


def _savings(savings: Savings) -> dict[str, Any]:
    return {
        "sidecars": _size(savings.sidecars),
        "with_sidecar": None if savings.with_sidecar is None else _size(savings.with_sidecar),
        "export_to": [{"namespace": each.namespace, "bytes": each.bytes} for each in savings.exports],
    }


def plan_schema() -> Mapping[str, Any]:
    """The JSON Schema of `meshcompile plan -o json`, and of a saved plan."""
    return {
        "$schema": DIALECT,
        "$id": "urn:meshcompile:schema:plan",
        "title": "Plan",
        "description": "The output of `meshcompile plan -o json`: what a change does, and how to apply it.",
        "type": "object",
        "required": list(PLAN),
        "properties": {**PLAN, "inputs": INPUTS},
    }


SIZE = object_of({"bytes": COUNT, "resources": COUNT}, "Bytes of compact JSON, and the number of resources.")
DRAIN = object_of(
    {"workload": TEXT, "listener": TEXT, "chains": TEXTS, "removed": {"type": "boolean"}},
    "Connections that close: all of the listener, or those of some filter chains.",
)
FOOTPRINT = object_of({"workload": TEXT, "types": TEXTS, "before": SIZE, "after": SIZE})
FLEET = object_of(
    {
        "proxies": COUNT,
        "changed": COUNT,
        "pushes": {
            "type": "object",
            "description": "The workloads that get something new, by LDS, RDS, CDS, EDS and ECDS.",
            "additionalProperties": TEXTS,
        },
        "before": SIZE,
        "after": SIZE,
        "workloads": list_of(FOOTPRINT, "The proxies that get something new."),
    }
)
STEP = object_of(
    {
        "action": {"enum": ["apply", "delete"]},
        "object": object_of({"apiVersion": TEXT, "kind": TEXT, "namespace": TEXT, "name": TEXT}),
        "place": {
            "type": ["string", "null"],
            "description": "`FILE:LINE`; null for a version that is in neither input.",
        },
        "reason": {**TEXT, "description": "Why the step comes when it does."},
        "pushes": {
            "type": "object",
            "description": "The number of proxies that get something new, by LDS, RDS, CDS, EDS and ECDS.",
            "additionalProperties": COUNT,
        },
        "drains": list_of(DRAIN),
        "manifest": {"type": "object", "description": "The object, if it is a version that is in neither input."},
    },
    optional=("manifest",),
)
ORDER = object_of(
    {
        "verdict": {
            "enum": [str(each) for each in OrderVerdict],
            "description": "safe: after each step, no proxy routes to a cluster that does not exist.",
        },
        "checked": {**COUNT, "description": "The number of proxies that were compiled after each step."},
        "two_phases": {"type": "boolean", "description": "Whether steps have versions that are in neither input."},
        "steps": list_of(STEP, "The steps, or those that can be applied safely if there is no safe order."),
        "blocked": list_of(object_of({"object": TEXT, "problems": TEXTS}), "What cannot be applied safely, and why."),
    }
)
SAVINGS = object_of(
    {
        "sidecars": {**SIZE, "description": "The size of all sidecars after the change."},
        "with_sidecar": {
            "description": "Their size with a Sidecar that imports the own namespace and the root namespace only.",
            "anyOf": [SIZE, {"type": "null"}],
        },
        "export_to": list_of(
            object_of({"namespace": TEXT, "bytes": COUNT}),
            "What `exportTo: [.]` on all Services of a namespace would take out of other sidecars.",
        ),
    },
    "What narrower scopes would save. The first sidecar of each namespace stands for the others.",
)
PLAN = {
    "diff": {key: value for key, value in diff_schema().items() if not key.startswith("$")},
    "fleet": FLEET,
    "drains": list_of(DRAIN),
    "order": ORDER,
    "savings": SAVINGS,
}
INPUTS = object_of({"old": TEXT, "new": TEXT}, "In a saved plan: fingerprints of both inputs.")
