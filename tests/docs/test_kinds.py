"""The tables of fields in the guides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest

from meshcompile.models.base import Node
from meshcompile.models.networking.destination_rule import DestinationRuleSpec
from meshcompile.models.networking.service_entry import ServiceEntrySpec
from meshcompile.models.networking.workload_entry import WorkloadEntrySpec
from tests.docs.pages import ROOT

GUIDES = ROOT / "docs" / "guides"
# Described once: the settings of ports and subsets are those of the policy.
TWICE = (
    "subsets.trafficPolicy.",
    *(
        f"trafficPolicy.portLevelSettings.{each}."
        for each in ("loadBalancer", "connectionPool", "outlierDetection", "tls")
    ),
)


def nested(annotation: Any) -> Iterator[type[Node]]:
    """The models in a field."""
    if isinstance(annotation, type):
        if issubclass(annotation, Node):
            yield annotation
    else:
        for part in get_args(annotation):
            yield from nested(part)


def paths(model: type[Node], prefix: str = "") -> Iterator[str]:
    """The JSON path of every field of a model."""
    for name, field in model.model_fields.items():
        path = prefix + (field.alias or name)
        yield path
        for inner in nested(field.annotation):
            yield from paths(inner, f"{path}.")


@pytest.mark.parametrize(
    ("model", "page"),
    [
        (DestinationRuleSpec, "destination-rules"),
        (ServiceEntrySpec, "service-entries"),
        (WorkloadEntrySpec, "service-entries"),
    ],
)
def test_every_field_has_a_row(model: type[Node], page: str) -> None:
    """The page of a kind has a row for each of its fields, and no other rows."""
    described = {
        line.split("`")[1] for line in (GUIDES / f"{page}.md").read_text().splitlines() if line.startswith("| `")
    }
    wanted = {path for path in paths(model) if not path.startswith(TWICE)}
    assert wanted <= described
    known = {path for each in (DestinationRuleSpec, ServiceEntrySpec, WorkloadEntrySpec) for path in paths(each)}
    assert described <= known
