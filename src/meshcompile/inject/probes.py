"""Probes of the application: the kubelet asks the agent, and the agent asks the application.

Follows `DumpAppProbers` and `patchRewriteProbe` (pkg/kube/inject/app_probe.go).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from meshcompile.golang.json import in_order
from meshcompile.inject.earlier import STATUS
from meshcompile.inject.input import PROXY, STATUS_PORT
from meshcompile.inject.marks import REWRITE_PROBES
from meshcompile.inject.pods import (
    CONTAINERS,
    INIT_CONTAINERS,
    annotations_of,
    containers_of,
    proxy_of,
    with_changed,
    with_spec,
    with_variable,
)
from meshcompile.inject.prometheus import boolean
from meshcompile.inject.typed import Json

PROBERS = "ISTIO_KUBE_APP_PROBERS"
"""The variable in which the agent finds the probes of the application."""

_PROBES: Mapping[str, str] = {"readinessProbe": "readyz", "livenessProbe": "livez", "startupProbe": "startupz"}
_HANDLERS: Mapping[str, str] = {"preStop": "prestopz", "postStart": "poststartz"}
_PROBE_ACTIONS = ("httpGet", "tcpSocket", "grpc")
_HANDLER_ACTIONS = ("httpGet", "tcpSocket")


def with_rewritten_probes(pod: Json, status_port: int, *, by_default: bool) -> Json:
    """The Pod with probes that ask the agent, and a variable with those that it had.

    Nothing changes without a proxy, or if an annotation or the values say so.
    """
    annotations = annotations_of(pod)
    said = boolean(annotations.get(REWRITE_PROBES, ""))
    if proxy_of(pod) is None or not (by_default if said is None else said):
        return pod
    probers = {path: prober for container in _app_containers(pod) for path, prober in _probers(container, status_port)}
    if probers:
        pod = _with_probers(pod, {path: probers[path] for path in sorted(probers)})
    port = _port(annotations.get(STATUS_PORT), status_port)
    groups = (CONTAINERS, INIT_CONTAINERS)
    return with_spec(
        pod,
        {
            group: [_rewritten(each, port) for each in containers_of(pod, group)]
            for group in groups
            if pod["spec"].get(group)
        },
    )


def _port(written: str | None, default: int) -> int:
    """The port of the agent. Go reads 0 from an annotation that is no number."""
    if written is None:
        return default
    digits = written.removeprefix("+")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else 0


def _app_containers(pod: Json) -> Iterator[Json]:
    for group in (INIT_CONTAINERS, CONTAINERS):
        yield from (each for each in containers_of(pod, group) if each["name"] != PROXY)


def _probers(container: Json, status_port: int) -> Iterator[tuple[str, Json]]:
    """The probes of a container that the agent takes over, by their paths."""
    ports = {port["name"]: port["containerPort"] for port in container.get("ports", ()) if port.get("name")}
    for path, probe, actions in _all_probes(container):
        action = next((each for each in actions if each in probe), None)
        if action is None:
            continue
        asked = _with_number(probe[action], action, ports, status_port)
        if asked is not None:
            timeout = probe.get("timeoutSeconds") if actions is _PROBE_ACTIONS else None
            yield path, {action: asked, **({"timeoutSeconds": timeout} if timeout else {})}


def _all_probes(container: Json) -> Iterator[tuple[str, Json, tuple[str, ...]]]:
    name = container["name"]
    for field, end in _PROBES.items():
        if field in container:
            yield f"/app-health/{name}/{end}", container[field], _PROBE_ACTIONS
    for field, end in _HANDLERS.items():
        if field in container.get("lifecycle", {}):
            yield f"/app-lifecycle/{name}/{end}", container["lifecycle"][field], _HANDLER_ACTIONS


def _with_number(asked: Json, action: str, ports: Mapping[str, int], status_port: int) -> Json | None:
    """The action with a number as port. None for an unknown port, and for the agent's own."""
    port = asked["port"]
    if action == "grpc":
        return asked
    number = ports.get(port) if isinstance(port, str) else port
    if number is None or (isinstance(port, int) and port == status_port):
        return None
    return {**asked, "port": number}


def _with_probers(pod: Json, probers: Json) -> Json:
    """The Pod with the variable. After an earlier injection, the probes in its variable win."""
    proxy = proxy_of(pod) or {}
    written = next((each.get("value", "") for each in proxy.get("env", ()) if each["name"] == PROBERS), None)
    if STATUS not in annotations_of(pod) or written is None:
        return with_variable(pod, PROBERS, in_order(probers))
    try:
        earlier = msgspec.json.decode(written, type=dict[str, Any] | None) or {}
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return pod
    merged = {**probers, **earlier}
    text = in_order({path: merged[path] for path in sorted(merged)})
    return with_changed(pod, PROXY, lambda container: _with_value(container, text))


def _with_value(container: Json, text: str) -> Json:
    env = list(container["env"])
    place = next(index for index, each in enumerate(env) if each["name"] == PROBERS)
    return {**container, "env": [*env[:place], {"name": PROBERS, "value": text}, *env[place + 1 :]]}


def _rewritten(container: Json, port: int) -> Json:
    """The container with probes that ask the agent."""
    if container["name"] == PROXY:
        return container
    name, changes = container["name"], dict[str, Any]()
    for field, end in _PROBES.items():
        if field in container:
            changes[field] = _asking(container[field], _PROBE_ACTIONS, f"/app-health/{name}/{end}", port)
    if "lifecycle" in container:
        handlers = container["lifecycle"]
        changes["lifecycle"] = handlers | {
            field: _asking(handlers[field], _HANDLER_ACTIONS, f"/app-lifecycle/{name}/{end}", port)
            for field, end in _HANDLERS.items()
            if field in handlers
        }
    return {**container, **changes}


def _asking(probe: Json, actions: tuple[str, ...], path: str, port: int) -> Json:
    """The probe as a request to the agent. A probe that runs a command stays as it is."""
    action = next((each for each in actions if each in probe), None)
    if action is None:
        return probe
    asked = dict(probe["httpGet"]) if action == "httpGet" else {}
    if asked.get("scheme") == "HTTPS":
        asked["scheme"] = "HTTP"
    rest = {key: value for key, value in probe.items() if key != action}
    return {**rest, "httpGet": {**asked, "path": path, "port": port}}
