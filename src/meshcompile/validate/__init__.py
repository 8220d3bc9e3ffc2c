"""Rules on one resource: findings where Istio's schema, Istio's webhook or the API server would reject it or warn.

Rules are generator functions over the models, with one module per kind. Each module has `violations(resource)`. Rules
that several kinds share are in `checks` and `names`. The models themselves reject values with a wrong type, size or
form.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module

from msgspec.structs import replace

from meshcompile.behaviour import Behaviour
from meshcompile.codes import kubernetes, validation
from meshcompile.diagnostics import Code, Diagnostic, Severity
from meshcompile.models.base import Resource
from meshcompile.models.registry import GATEWAY_API_MODELS
from meshcompile.validate.metadata import forbidden_annotations, metadata_violations

MODULES = {
    "AuthorizationPolicy": "authorization_policy",
    "DestinationRule": "destination_rule",
    "EnvoyFilter": "envoy_filter",
    "Gateway": "gateway",
    "PeerAuthentication": "peer_authentication",
    "ProxyConfig": "proxy_config",
    "RequestAuthentication": "request_authentication",
    "ServiceEntry": "service_entry",
    "Sidecar": "sidecar",
    "Telemetry": "telemetry",
    "TrafficExtension": "traffic_extension",
    "VirtualService": "virtual_service",
    "WasmPlugin": "wasm_plugin",
    "WorkloadEntry": "workload_entry",
    "WorkloadGroup": "workload_group",
}
"""Istio's kinds, and the modules with their rules. A module is imported when the first object of its kind is read."""

KINDS_OF_RELEASES = frozenset(
    {
        *("AuthorizationPolicy", "DestinationRule", "EnvoyFilter", "Gateway", "HTTPRoute", "KubernetesGateway"),
        *("ServiceEntry", "Sidecar", "TCPRoute", "Telemetry", "TrafficExtension", "VirtualService"),
        "XBackendTrafficPolicy",
    }
)
"""The kinds with rules that do not hold in every release of Istio, which are in `releases`."""

ADVICE = {
    code.id: code.advice
    for module in (validation, kubernetes)
    for code in vars(module).values()
    if isinstance(code, Code)
}
"""The suggestion for a finding that has none of its own, by code id."""

Rules = Callable[[Resource], Iterable[Diagnostic]]


def violations(resource: Resource) -> list[Diagnostic]:
    """Findings about a resource that could be read."""
    return [*api_server_violations(resource), *istio_violations(resource)]


def api_server_violations(resource: Resource) -> list[Diagnostic]:
    """Findings of the API server about metadata and Kubernetes' own kinds.

    They reject nothing: istiod accepts any object that it receives, whatever its name and whatever the values of
    Kubernetes' own kinds.
    """
    kind = _kind(resource)
    diagnostics = _refused_by_kubernetes(metadata_violations(resource))
    if kind not in MODULES and kind not in GATEWAY_API_MODELS:
        diagnostics += _refused_by_kubernetes(_kubernetes_rules(kind)(resource))
    return diagnostics


def istio_violations(resource: Resource) -> Iterable[Diagnostic]:
    """Findings about Istio's kinds and those of the Gateway API, which may reject the resource."""
    kind = _kind(resource)
    if kind in MODULES:
        return _refused_by_istio(tuple(forbidden_annotations(resource)) or _rules(kind)(resource))
    return _gateway_api_rules()(resource) if kind in GATEWAY_API_MODELS else ()


def release_violations(resource: Resource, behaviour: Behaviour) -> tuple[Diagnostic, ...]:
    """Findings about what this release of Istio refuses, and others do not."""
    if _kind(resource) not in KINDS_OF_RELEASES:
        return ()
    from meshcompile.validate import releases  # for a fast start: few kinds need it

    return releases.release_violations(resource, behaviour)


def _kind(resource: Resource) -> str:
    return type(resource).__name__  # a custom workload may reuse another kind's name, such as Service


def _refused_by_kubernetes(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    return [replace(diagnostic, rejected=False, suggestion=_advice(diagnostic)) for diagnostic in diagnostics]


def _refused_by_istio(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    for diagnostic in diagnostics:
        rejected = diagnostic.severity is Severity.ERROR and diagnostic.code not in _tolerated()
        yield replace(diagnostic, rejected=rejected, suggestion=_advice(diagnostic))


@cache
def _tolerated() -> frozenset[str]:
    """Ids of errors for which Istio accepts the object although the setting has no effect."""
    from meshcompile.codes import envoy_filters  # for a fast start: valid objects do not need them

    return frozenset({envoy_filters.UNKNOWN_ENVOY_FIELD.id, envoy_filters.UNSUPPORTED_ENVOY_VALUE.id})


def _advice(diagnostic: Diagnostic) -> str:
    return diagnostic.suggestion or ADVICE.get(diagnostic.code, "")


@cache
def _rules(kind: str) -> Rules:
    """The rules of one of Istio's kinds."""
    rules: Rules = import_module(f"{__name__}.{MODULES[kind]}").violations
    return rules


@cache
def _gateway_api_rules() -> Rules:
    """The rules of the kinds of the Gateway API."""
    from meshcompile.validate.gateway_api import violations  # for a fast start: few meshes need them

    return violations


@cache
def _kubernetes_rules(kind: str) -> Rules:
    """The rules of one of Kubernetes' kinds."""
    from meshcompile.validate.kubernetes import rules  # for a fast start: Istio's kinds do not need them

    return rules(kind)
