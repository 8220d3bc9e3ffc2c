"""An upgrade as plain data, as `meshcompile upgrade -o json` prints it, and its JSON Schema."""

from collections.abc import Mapping
from typing import Any

from meshcompile.compare.data import CHANGE, GROUP, change_data, group_data
from meshcompile.json_schema import COUNT, DIALECT, TEXT, TEXTS, list_of, object_of
from meshcompile.upgrades.field_effects import FieldEffect
from meshcompile.upgrades.upgrade import RowAtWork, Upgrade


def upgrade_data(upgrade: Upgrade) -> dict[str, Any]:
    """An upgrade as JSON data."""
    return {
        "from": upgrade.before,
        "to": upgrade.after,
        "proxies": {
            "total": upgrade.proxies,
            "changed": list(upgrade.changed),
            "assumed": list(upgrade.assumed),
            "left_out": list(upgrade.left_out),
        },
        "rows": list(map(_row, upgrade.rows)),
        "unexplained": list(map(group_data, upgrade.unexplained)),
        "deprecated": [each.to_dict() for each in upgrade.deprecated],
    }


def _row(row: RowAtWork) -> dict[str, Any]:
    change = row.change
    return {
        "id": change.anchor,
        "release": change.release,
        "title": change.title,
        "effect": change.effect,
        "keep": list(change.ways_back),
        "link": change.link,
        "proxies": list(row.proxies),
        "fields": list(map(_field, row.fields)),
        "requests": list(map(change_data, row.requests)),
        "settings": row.settings,
        "findings": {
            "new": [each.to_dict() for each in row.new_findings],
            "gone": [each.to_dict() for each in row.gone_findings],
        },
        "added": list(row.added),
        "removed": list(row.removed),
    }


def _field(effect: FieldEffect) -> dict[str, Any]:
    example = effect.example
    return {
        "type": effect.type,
        "change": str(effect.change),
        "field": effect.field,
        "proxies": list(effect.proxies),
        "resources": list(effect.resources),
        "places": [{"proxies": list(each.proxies), "resources": list(each.resources)} for each in effect.places],
        "example": {
            "proxy": example.proxy,
            "resource": example.resource,
            "pointer": example.pointer,
            "before": example.before,
            "after": example.after,
        },
    }


def upgrade_schema() -> Mapping[str, Any]:
    """The JSON Schema of `meshcompile upgrade -o json`."""
    return {
        "$schema": DIALECT,
        "$id": "urn:meshcompile:schema:upgrade",
        "title": "Upgrade",
        "description": "The output of `meshcompile upgrade -o json`: what another release of Istio changes, and why.",
        **object_of(UPGRADE),
    }


FINDINGS = list_of({"type": "object"}, "Findings in the format of `meshcompile validate -o json`.")
FIELD_EFFECT = object_of(
    {
        "type": {"enum": ["listeners", "routes", "clusters", "endpoints", "extensions"]},
        "change": {"enum": ["added", "removed", "changed"]},
        "field": {**TEXT, "description": "A JSON pointer with `*` for indexes; empty for whole resources."},
        "proxies": {**TEXTS, "description": "The workloads whose proxies have the change."},
        "resources": {**TEXTS, "description": "The names of the resources."},
        "places": list_of(
            object_of({"proxies": TEXTS, "resources": TEXTS}), "Which resources change at which workloads."
        ),
        "example": {
            **object_of({"proxy": TEXT, "resource": TEXT, "pointer": TEXT, "before": {}, "after": {}}),
            "description": "One of the changes. `before` and `after` are null where the field is absent.",
        },
    }
)
ROW = object_of(
    {
        "id": {**TEXT, "description": "The anchor of the row on the page about releases; `release` for the last row."},
        "release": {**TEXT, "description": "The release that brings the change."},
        "title": TEXT,
        "effect": TEXT,
        "keep": {**TEXTS, "description": "What restores the earlier behaviour, the most precise first."},
        "link": TEXT,
        "proxies": {**TEXTS, "description": "The workloads whose configuration changes."},
        "fields": list_of(FIELD_EFFECT, "What changes in their configuration."),
        "requests": list_of(
            object_of(CHANGE), "Sets of requests with another outcome, as in `meshcompile diff -o json`."
        ),
        "settings": {
            **COUNT,
            "description": "The number of sets of requests that go where they went, to clusters with other settings.",
        },
        "findings": object_of({"new": FINDINGS, "gone": FINDINGS}),
        "added": {**TEXTS, "description": "Proxies that only the later release has."},
        "removed": {**TEXTS, "description": "Proxies that only the earlier release has."},
    }
)
UPGRADE = {
    "from": {**TEXT, "description": "The version of istiod before the upgrade."},
    "to": {**TEXT, "description": "The version of istiod after it."},
    "proxies": object_of(
        {
            "total": COUNT,
            "changed": TEXTS,
            "assumed": {**TEXTS, "description": "Gateways without a workload in the input, which are assumed."},
            "left_out": {**TEXTS, "description": "Gateways without a proxy that could be compared, with reasons."},
        }
    ),
    "rows": list_of(ROW, "The differences between the releases that have an effect on the mesh."),
    "unexplained": list_of(object_of(GROUP), "Changes of resources that no row explains."),
    "deprecated": FINDINGS,
}
