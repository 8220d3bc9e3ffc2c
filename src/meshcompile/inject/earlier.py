"""What an earlier injection left in a Pod: what it added, and what the user had written in its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from meshcompile.inject.pods import GROUPS, annotations_of, containers_of, named, with_annotations, with_spec
from meshcompile.inject.problems import InjectionProblem
from meshcompile.inject.prometheus import scrape_port, without_scraping
from meshcompile.inject.typed import Json, typed

STATUS = "sidecar.istio.io/status"
OVERRIDES = "proxy.istio.io/overrides"


class InjectionStatus(Struct, frozen=True, rename="camel"):
    """The names of what an injection added."""

    init_containers: tuple[str, ...] | None = None
    containers: tuple[str, ...] | None = None
    volumes: tuple[str, ...] | None = None
    image_pull_secrets: tuple[str, ...] | None = None
    revision: str | None = None

    def names(self, group: str) -> frozenset[str]:
        """The containers of a group."""
        return frozenset((self.containers if group == "containers" else self.init_containers) or ())


def earlier_status(pod: Json) -> InjectionStatus | None:
    """The status of an earlier injection. None if there is none, or if it cannot be read."""
    written = annotations_of(pod).get(STATUS)
    if written is None:
        return None
    try:
        return msgspec.json.decode(written, type=InjectionStatus)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return None


def overrides_of(pod: Json) -> Mapping[str, list[Json]]:
    """The user's own versions of injected containers, by group. Raises InjectionProblem if they cannot be read."""
    written = annotations_of(pod).get(OVERRIDES)
    if written is None:
        return {}
    try:
        value = msgspec.json.decode(written, type=dict[str, Any] | None) or {}
        return {group: typed(value, "PodSpec", coerce=False).get(group) or [] for group in GROUPS}
    except (msgspec.MsgspecError, UnicodeEncodeError, InjectionProblem) as error:
        raise InjectionProblem(f"{error}", ("metadata", "annotations", OVERRIDES)) from None


def seen_by_templates(pod: Json, status_port: int) -> Json:
    """The Pod without what an earlier injection added, and with the user's own versions of its containers."""
    stripped = _stripped(pod, status_port)
    overrides = overrides_of(pod)
    added = {
        group: [*containers_of(stripped, group), *_missing(stripped, group, overrides[group])]
        for group in GROUPS
        if overrides.get(group)
    }
    return with_spec(stripped, added) if added else stripped


def _missing(pod: Json, group: str, overrides: list[Json]) -> list[Json]:
    return [each for each in overrides if named(containers_of(pod, group), each["name"]) is None]


def _stripped(pod: Json, status_port: int) -> Json:
    status = earlier_status(pod)
    if status is None:
        return pod
    kept = {
        group: [each for each in containers_of(pod, group) if each["name"] not in status.names(group)]
        for group in GROUPS
    }
    annotations = annotations_of(pod)
    if scrape_port(annotations) == str(status_port):
        annotations = without_scraping(annotations)
    annotations = {key: value for key, value in annotations.items() if key != STATUS}
    return with_annotations(with_spec(pod, kept), annotations)


def earlier_names(pod: Json, group: str) -> frozenset[str]:
    """The containers of a group that an earlier injection added."""
    status = earlier_status(pod)
    return frozenset() if status is None else status.names(group)
