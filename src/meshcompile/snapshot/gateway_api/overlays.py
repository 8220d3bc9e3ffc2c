"""Overlays for the objects that istiod makes for a Gateway: ConfigMaps with strategic merge patches.

Follows istiod's `render` and `applyOverlay`. Only the lists of the objects that are made here have merge keys.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import yaml
from msgspec import Struct

from meshcompile.documents import NOWHERE, Origin
from meshcompile.models.gateway_api.gateway import KubernetesGateway
from meshcompile.models.kubernetes.config_map import ConfigMap

CLASS_DEFAULTS = "gateway.istio.io/defaults-for-class"
SYSTEM_NAMESPACE = "istio-system"
KINDS = frozenset({"deployment", "service", "serviceAccount", "horizontalPodAutoscaler", "podDisruptionBudget"})
"""The keys that a ConfigMap with overlays may have."""
MERGE_KEYS: Mapping[tuple[str, str], str] = {
    ("service", "ports"): "port",
    ("deployment", "containers"): "name",
    ("deployment", "initContainers"): "name",
    ("deployment", "volumes"): "name",
    ("deployment", "env"): "name",
    ("deployment", "ports"): "containerPort",
    ("deployment", "volumeMounts"): "mountPath",
}
"""The key by which the items of a list are merged. Other lists are replaced."""
DIRECTIVE = "$patch"


class RefusedOverlay(Exception):
    """Overlays because of which istiod makes nothing for a Gateway."""

    def __init__(self, problem: str, origin: Origin = NOWHERE) -> None:
        super().__init__(problem)
        self.problem = problem
        self.origin = origin


class Overlays(Struct, frozen=True):
    """The overlays of a Gateway: those of its class, then those of its own."""

    config_maps: tuple[ConfigMap, ...]
    gateway: KubernetesGateway

    @classmethod
    def of(cls, gateway: KubernetesGateway, config_maps: Iterable[ConfigMap]) -> "Overlays":
        """The overlays among some ConfigMaps, which are ordered by age. Raises RefusedOverlay."""
        known = tuple(config_maps)
        found = (*_of_class(gateway, known), *_own(gateway, known))
        for config_map in found:
            unknown = sorted(config_map.data.keys() - KINDS)
            if unknown:
                supported = " ".join(sorted(KINDS))
                problem = f'unsupported overlay "{unknown[0]}" (supported: [{supported}])'
                raise RefusedOverlay(problem, config_map.at("data", unknown[0]))
        return cls(found, gateway)

    def applied(self, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        """An object with its overlays. Raises RefusedOverlay."""
        for config_map in self.config_maps:
            text = config_map.data.get(kind)
            if text is None:
                continue
            place = config_map.at("data", kind)
            merged = _merged(kind, data, _read(text, place))
            if any(merged.get("metadata", {}).get(key) != data["metadata"][key] for key in ("name", "namespace")):
                raise RefusedOverlay("illegal metadata change", place)
            data = merged
        return data


def _of_class(gateway: KubernetesGateway, config_maps: Iterable[ConfigMap]) -> Iterator[ConfigMap]:
    """The oldest ConfigMap with defaults for the class of a Gateway."""
    name = gateway.spec.gateway_class_name
    in_system = (each for each in config_maps if each.namespace == SYSTEM_NAMESPACE)
    yield from islice((each for each in in_system if each.metadata.labels.get(CLASS_DEFAULTS) == name), 1)


def _own(gateway: KubernetesGateway, config_maps: Iterable[ConfigMap]) -> Iterator[ConfigMap]:
    """The ConfigMap that a Gateway refers to."""
    infrastructure = gateway.spec.infrastructure
    ref = None if infrastructure is None else infrastructure.parameters_ref
    if ref is None:
        return
    if (ref.group, ref.kind) != ("", "ConfigMap"):
        raise RefusedOverlay(f"unknown infrastructure parameters type {ref.group}/{ref.kind}", ref.at("kind"))
    identity = (gateway.namespace, ref.name)
    found = next((each for each in config_maps if (each.namespace, each.name) == identity), None)
    if found is None:
        problem = f'parametersRef targeting configmap "{"/".join(identity)}", but configmap does not exist'
        raise RefusedOverlay(problem, ref.at("name"))
    yield found


def _read(text: str, place: Origin) -> dict[str, Any]:
    try:
        overlay = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise RefusedOverlay(f"the overlay is not YAML: {error}", place) from None
    if overlay is None:
        return {}
    if not isinstance(overlay, dict):
        raise RefusedOverlay("the overlay is not an object", place)
    return overlay


def _merged(kind: str, data: dict[str, Any], overlay: dict[str, Any]) -> dict[str, Any]:
    """A strategic merge: objects are merged, null removes a field, and lists with a merge key are merged by it."""
    if overlay.get(DIRECTIVE) == "replace":
        return {key: value for key, value in overlay.items() if key != DIRECTIVE}
    merged = dict(data)
    for key, value in overlay.items():
        match value:
            case None:
                merged.pop(key, None)
            case dict():
                own = merged.get(key)
                merged[key] = _merged(kind, own if isinstance(own, dict) else {}, value)
            case list() if (merge_key := MERGE_KEYS.get((kind, key))) and isinstance(merged.get(key), list):
                merged[key] = _merged_list(kind, merged[key], value, merge_key)
            case _:
                merged[key] = value
    return merged


def _merged_list(kind: str, items: list[Any], overlay: list[Any], merge_key: str) -> list[Any]:
    """The items, merged with those of the overlay. New items come last."""
    changes = {each.get(merge_key): each for each in overlay if isinstance(each, dict)}
    known = {each.get(merge_key) for each in items if isinstance(each, dict)}
    new = [each for name, each in changes.items() if name not in known and each.get(DIRECTIVE) != "delete"]
    kept = [each for each in items if changes.get(each.get(merge_key), {}).get(DIRECTIVE) != "delete"]
    return [*(_merged(kind, each, changes.get(each.get(merge_key), {})) for each in kept), *new]
