"""Parts that the containers of several templates have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshcompile.inject.environment import json_entries
from meshcompile.inject.input import TemplateInput
from meshcompile.inject.printed import NIL, in_double_quotes, printed, unquoted
from meshcompile.inject.problems import InjectionProblem

Patch = dict[str, Any]
"""A part of a Pod. A null removes the field from the Pod."""

LOG_LEVEL = "sidecar.istio.io/logLevel"
COMPONENT_LOG_LEVEL = "sidecar.istio.io/componentLogLevel"
AGENT_LOG_LEVEL = "sidecar.istio.io/agentLogLevel"
INITIAL_DELAY = "readiness.status.sidecar.istio.io/initialDelaySeconds"
PERIOD = "readiness.status.sidecar.istio.io/periodSeconds"
FAILURE_THRESHOLD = "readiness.status.sidecar.istio.io/failureThreshold"
USER = 1337
"""The user and group of the proxy, whose own traffic is not redirected."""
METRICS_PORT = {"containerPort": 15090, "protocol": "TCP", "name": "http-envoy-prom"}

_RESOURCES: Mapping[str, tuple[str, str]] = {
    "sidecar.istio.io/proxyCPU": ("requests", "cpu"),
    "sidecar.istio.io/proxyMemory": ("requests", "memory"),
    "sidecar.istio.io/proxyCPULimit": ("limits", "cpu"),
    "sidecar.istio.io/proxyMemoryLimit": ("limits", "memory"),
}


def resources(given: TemplateInput) -> Patch | None:
    """The resources of a container. One annotation replaces all values of the installation."""
    written = {name: place for name, place in _RESOURCES.items() if name in given.annotations}
    if not written:
        return without_nulls(given.values.proxy.resources) or None
    result: dict[str, dict[str, str]] = {}
    for name, (group, resource) in written.items():
        result.setdefault(group, {})[resource] = given.annotations[name]
    return result


def without_nulls(value: Any) -> Any:
    """The data without nulls, and without what is empty once they are gone."""
    match value:
        case Mapping():
            kept = {key: without_nulls(item) for key, item in value.items()}
            return {key: item for key, item in kept.items() if item is not None} or (None if value else value)
        case list() | tuple():
            items = [each for each in map(without_nulls, value) if each is not None]
            return items or (None if value else value)
        case _:
            return value


def log_levels(given: TemplateInput) -> list[Any]:
    """The arguments with the levels of Envoy's and the agent's logs."""
    proxy = given.values.proxy
    return [
        unquoted(f"--proxyLogLevel={given.annotation(LOG_LEVEL, proxy.log_level)}"),
        unquoted(f"--proxyComponentLogLevel={given.annotation(COMPONENT_LOG_LEVEL, proxy.component_log_level)}"),
        unquoted(agent_log_level(given)),
    ]


def agent_log_level(given: TemplateInput) -> str:
    return f"--log_output_level={given.annotation(AGENT_LOG_LEVEL, given.values.global_.logging.level)}"


def proxy_arguments(given: TemplateInput, role: str) -> list[Any]:
    """The arguments of the proxy's container."""
    values = given.values.global_
    domain = unquoted(f"$(POD_NAMESPACE).svc.{printed(values.proxy.cluster_domain)}")
    sts = [unquoted(f"--stsPort={printed(values.sts.service_port)}")] if values.sts.service_port else []
    as_json = ["--log_as_json"] if values.log_as_json else []
    return ["proxy", role, "--domain", domain, *log_levels(given), *sts, *as_json]


def pull_policy(given: TemplateInput) -> Patch:
    policy = given.values.global_.image_pull_policy
    return {"imagePullPolicy": in_double_quotes(printed(policy))} if policy else {}


def readiness_probe(given: TemplateInput, port: int) -> Patch:
    """The probe of the agent, by annotations or values."""
    proxy = given.values.proxy
    return {
        "httpGet": {"path": "/healthz/ready", "port": port},
        "initialDelaySeconds": unquoted(given.annotation(INITIAL_DELAY, proxy.readiness_initial_delay_seconds)),
        "periodSeconds": unquoted(given.annotation(PERIOD, proxy.readiness_period_seconds)),
        "timeoutSeconds": 3,
        "failureThreshold": unquoted(given.annotation(FAILURE_THRESHOLD, proxy.readiness_failure_threshold)),
    }


def image(given: TemplateInput, named: str | None) -> str:
    return in_double_quotes(given.image_of(named))


def named_entries(given: TemplateInput, annotation: str) -> Iterator[Patch]:
    """The items of an annotation with a JSON object, each with its key as name."""
    if annotation not in given.annotations:
        return
    place = ("metadata", "annotations", annotation)
    for name, value in json_entries(given.annotations[annotation], annotation):
        if not isinstance(value, dict) or not value:
            raise InjectionProblem(f"expected a JSON object with fields for {name!r}", place)
        yield {"name": in_double_quotes(name), **value}


def setting(given: TemplateInput, name: str, default: Any) -> str:
    """An annotation or value that a template prints in double quotes."""
    return in_double_quotes(given.annotations.get(name, printed(default, NIL)))
