"""DestinationRules, merged per host, by who may see them."""

from dataclasses import dataclass

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.snapshot.resources import Resources


@dataclass(frozen=True)
class DestinationRuleIndex:
    """DestinationRules, merged per host, by who may see them."""


def destination_rule_index(resources: Resources, mesh: MeshConfig) -> DestinationRuleIndex:
    """The index of the accepted resources."""
    return DestinationRuleIndex()
