"""Rules on one resource: where Istio's schema or its webhook would reject it, or warn.

Rules are generator functions over the models, one module per kind; each module has `violations(resource)`. What many
kinds share is in `checks` and `names`. The models themselves refuse what has a wrong type, size or form.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from importlib import import_module

from meshcompile.codes import validation as codes
from meshcompile.codes.envoy_filters import UNKNOWN_ENVOY_FIELD, UNSUPPORTED_ENVOY_VALUE
from meshcompile.diagnostics import Code, Diagnostic, Severity
from meshcompile.models.base import Resource
from meshcompile.models.registry import ISTIO_OPERATOR
from meshcompile.validate.metadata import forbidden_annotations

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
"""Istio's kinds, and the modules with their rules, which are imported when the first such object is read."""

TOLERATED = frozenset({UNKNOWN_ENVOY_FIELD.id, UNSUPPORTED_ENVOY_VALUE.id})
"""Errors that Istio accepts, though what the author asked for cannot happen."""

ADVICE = {code.id: code.docs for code in vars(codes).values() if isinstance(code, Code)}
"""What to do about a finding that does not say so itself."""

Rules = Callable[[Resource], Iterable[Diagnostic]]


def violations(resource: Resource) -> Iterator[Diagnostic]:
    """What is wrong with a resource that reads well; an error rejects it."""
    rules = _rules(type(resource))
    if rules is None:
        return
    found = tuple(forbidden_annotations(resource)) or rules(resource)
    for diagnostic in found:
        rejected = diagnostic.severity is Severity.ERROR and diagnostic.code not in TOLERATED
        suggestion = diagnostic.suggestion or ADVICE.get(diagnostic.code, "")
        yield replace(diagnostic, rejected=rejected, suggestion=suggestion)


@cache
def _rules(kind: type[Resource]) -> Rules | None:
    """The rules of Istio's kind; None for kinds of others, and for what istioctl alone reads."""
    group = kind.model_fields["api_version"].default.partition("/")[0]
    if not group.endswith(".istio.io") or group == ISTIO_OPERATOR.group:
        return None
    rules: Rules = import_module(f"{__name__}.{MODULES[kind.__name__]}").violations
    return rules
