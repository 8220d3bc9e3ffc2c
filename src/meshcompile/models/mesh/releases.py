"""What a mesh config has for other releases of Istio: settings that a release does not know, and that it skips."""

from collections.abc import Iterator
from typing import TypeVar

from msgspec import Struct

from meshcompile.behaviour import Behaviour
from meshcompile.codes.models import UNKNOWN_IN_RELEASE
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Node
from meshcompile.models.mesh.mesh_config import MeshConfig, OutboundTrafficPolicyMode

N = TypeVar("N", bound=Node)


class Setting(Struct, frozen=True):
    """A setting, and the field of Behaviour that says whether a release knows it."""

    field: str
    path: tuple[str, ...]


SETTINGS = (
    Setting("otel_conventions", ("extension_providers", "opentelemetry", "service_attribute_enrichment")),
    Setting("default_traffic_policy", ("default_traffic_policy",)),
    Setting("connection_settings", ("default_config", "connection_settings")),
    Setting("entry_visibility", ("service_entry_visibility",)),
    Setting("zone_aware_balancing", ("zone_aware_lb_setting",)),
)
"""The settings that not every release knows."""


def known_to(layer: MeshConfig, behaviour: Behaviour) -> tuple[MeshConfig, tuple[Diagnostic, ...]]:
    """A mesh config without what the release skips, and findings about it."""
    policy = layer.outbound_traffic_policy
    dynamic = policy is not None and policy.mode is OutboundTrafficPolicyMode.ALLOW_ANY_DYNAMIC_DNS
    findings: list[Diagnostic] = []
    for setting in SETTINGS:
        if not getattr(behaviour, setting.field):
            layer = _without(layer, setting.path, behaviour, findings)
    if policy is not None and dynamic and not behaviour.dynamic_outbound:
        effect = "like REGISTRY_ONLY, it refuses requests to unknown hosts"
        findings.append(
            UNKNOWN_IN_RELEASE(policy.at("mode"), field=f"mode: {policy.mode}", effect=effect, release=behaviour.name)
        )
    return layer, tuple(findings)


def _without(node: N, path: tuple[str, ...], behaviour: Behaviour, findings: list[Diagnostic]) -> N:
    """The node without the setting at a path, of each item of a list."""
    name, *below = path
    value = getattr(node, name)
    if name not in node.model_fields_set or value is None:
        return node
    if below:
        return node.model_copy(update={name: _parts_without(value, tuple(below), behaviour, findings)})
    place = node.at(name)
    effect = "it has no effect"
    findings.append(UNKNOWN_IN_RELEASE(place, field=place.field or name, effect=effect, release=behaviour.name))
    default = type(node).model_fields[name].get_default(call_default_factory=True)
    return node.model_copy(update={name: default})


def _parts_without(value: object, path: tuple[str, ...], behaviour: Behaviour, findings: list[Diagnostic]) -> object:
    def parts() -> Iterator[object]:
        for item in value if isinstance(value, tuple) else (value,):
            yield _without(item, path, behaviour, findings) if isinstance(item, Node) else item

    return tuple(parts()) if isinstance(value, tuple) else next(parts())
