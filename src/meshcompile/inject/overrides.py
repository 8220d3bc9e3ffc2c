"""The user's own versions of injected containers: they are laid over the result once more, so the user wins.

Follows `reapplyOverwrittenContainers` and `adjustInitContainerUser` (pkg/kube/inject/webhook.go).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshcompile.golang.json import in_order
from meshcompile.inject.earlier import OVERRIDES, STATUS, earlier_names, overrides_of
from meshcompile.inject.input import INTERCEPTION_MODE, PROXY, TPROXY
from meshcompile.inject.merge import patched_pod
from meshcompile.inject.pods import (
    CONTAINERS,
    GROUPS,
    INIT_CONTAINERS,
    annotations_of,
    containers_of,
    found,
    named,
    proxy_of,
    with_annotations,
    with_changed,
)
from meshcompile.inject.sidecar import INIT, VALIDATION
from meshcompile.inject.typed import Json
from meshcompile.models.mesh.proxy_config import InboundInterceptionMode, ProxyConfig

AUTO_IMAGE = "auto"
"""The image that stands for that of the template."""


def with_own_containers(pod: Json, original: Json, template: Json) -> Json:
    """The Pod with the user's own versions of the containers that a template has.

    An annotation records them, so that the next injection knows them.
    """
    written = {group: _own(original, template, group) for group in GROUPS}
    for group, containers in written.items():
        for each in containers:
            pod = patched_pod(pod, _overlay(group, each))
    recorded = {group: containers for group, containers in written.items() if containers}
    if STATUS in annotations_of(original) or not recorded:
        return pod
    return with_annotations(pod, {**annotations_of(pod), OVERRIDES: in_order(recorded)})


def _overlay(group: str, container: Json) -> Json:
    nothing: Json = {} if group == CONTAINERS else {CONTAINERS: []}
    return {"spec": {**nothing, group: [container]}}


def _own(original: Json, template: Json, group: str) -> list[Json]:
    """The user's versions of the template's containers, in the order of the template."""
    injected, overrides = earlier_names(original, group), overrides_of(original).get(group, [])
    own = []
    for name in (each["name"] for each in containers_of(template, group)):
        if name in injected:
            continue
        match = named(overrides, name) or _written(original, group, name)
        if match is not None:
            own.append(_without_auto_image(match))
    return own


def _written(original: Json, group: str, name: str) -> Json | None:
    return named(containers_of(original, CONTAINERS), name) if group == CONTAINERS else found(original, name)


def _without_auto_image(container: Json) -> Json:
    if container.get("image") != AUTO_IMAGE:
        return container
    return {key: value for key, value in container.items() if key != "image"}


def with_own_user(pod: Json, original: Json, config: ProxyConfig) -> Json:
    """The Pod with the user of the user's own proxy in what redirects traffic: that user's traffic is not."""
    own = (proxy_of(original) or {}).get("securityContext", {})
    user, group = own.get("runAsUser"), own.get("runAsGroup")
    name = next((each for each in (INIT, VALIDATION) if named(containers_of(pod, INIT_CONTAINERS), each)), None)
    if name is None or (user is None and group is None):
        return pod
    transparent = (
        config.interception_mode is InboundInterceptionMode.TPROXY
        or annotations_of(pod).get(INTERCEPTION_MODE) == TPROXY
    )
    if transparent and user is not None:
        pod = with_changed(pod, PROXY, lambda proxy: _as_user(proxy, {"runAsUser": 0}))
    ids = {key: value for key, value in (("runAsUser", user), ("runAsGroup", group)) if value is not None}
    same = {} if transparent or name == INIT else ids
    return _with_init(pod, name, lambda init: _with_user_argument(_as_user(init, same), user))


def _with_init(pod: Json, name: str, change: Any) -> Json:
    """The Pod with a change to the init container of this name."""
    containers = [change(each) if each["name"] == name else each for each in containers_of(pod, INIT_CONTAINERS)]
    return {**pod, "spec": {**pod["spec"], INIT_CONTAINERS: containers}}


def _as_user(container: Json, ids: Mapping[str, int]) -> Json:
    if not ids:
        return container
    return {**container, "securityContext": {**container.get("securityContext", {}), **ids}}


def _with_user_argument(container: Json, user: int | None) -> Json:
    """The container with another value after `-u`. Root cannot be excluded."""
    arguments = list(container.get("args", ()))
    if not user or "-u" not in arguments:
        return container
    place = arguments.index("-u") + 1
    return {**container, "args": [*arguments[:place], str(user), *arguments[place + 1 :]]}
