"""Changes to Pods as plain data. Every function returns a new value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from meshcompile.inject.input import PROXY
from meshcompile.inject.typed import Json

Containers = Sequence[Json]
CONTAINERS, INIT_CONTAINERS = "containers", "initContainers"
GROUPS = (CONTAINERS, INIT_CONTAINERS)


def containers_of(pod: Json, group: str) -> Containers:
    """The containers of a group; empty if there is none."""
    return pod["spec"].get(group) or ()


def named(containers: Iterable[Json], name: str) -> Json | None:
    """The first container of this name."""
    return next((each for each in containers if each["name"] == name), None)


def found(pod: Json, name: str) -> Json | None:
    """The first container of this name, also among the init containers."""
    return named((*containers_of(pod, CONTAINERS), *containers_of(pod, INIT_CONTAINERS)), name)


def proxy_of(pod: Json) -> Json | None:
    """The container of the proxy."""
    return found(pod, PROXY)


def with_spec(pod: Json, changes: Json) -> Json:
    """The Pod with other values for some fields of its spec."""
    return {**pod, "spec": {**pod["spec"], **changes}}


def with_changed(pod: Json, name: str, change: Callable[[Json], Json]) -> Json:
    """The Pod with a change to the first container of this name."""
    for group in GROUPS:
        containers = list(containers_of(pod, group))
        for index, each in enumerate(containers):
            if each["name"] == name:
                containers[index] = change(each)
                return with_spec(pod, {group: containers})
    return pod


def with_variable(pod: Json, name: str, value: str) -> Json:
    """The Pod with one more variable for the proxy."""
    return with_changed(pod, PROXY, lambda proxy: {**proxy, "env": [*proxy.get("env", ()), _variable(name, value)]})


def _variable(name: str, value: str) -> Json:
    return {"name": name, "value": value}


def annotations_of(pod: Json) -> Mapping[str, str]:
    annotations: Mapping[str, str] = pod["metadata"].get("annotations", {})
    return annotations


def labels_of(pod: Json) -> Mapping[str, str]:
    labels: Mapping[str, str] = pod["metadata"].get("labels", {})
    return labels


def with_annotations(pod: Json, annotations: Mapping[str, str]) -> Json:
    """The Pod with exactly these annotations."""
    return with_metadata(pod, "annotations", annotations)


def with_metadata(pod: Json, field: str, values: Mapping[str, str]) -> Json:
    """The Pod with exactly these labels or annotations."""
    metadata: dict[str, Any] = {key: value for key, value in pod["metadata"].items() if key != field}
    return {**pod, "metadata": {**metadata, field: dict(values)} if values else metadata}
