"""Values of EnvoyFilter patches: whether they can be read as Envoy messages."""

from collections.abc import Iterator, Mapping
from typing import Any

from meshcompile.codes import validation as codes
from meshcompile.codes.envoy_filters import INVALID_ENVOY_VALUE, UNKNOWN_ENVOY_FIELD, UNSUPPORTED_ENVOY_VALUE
from meshcompile.envoy.descriptors import descriptor
from meshcompile.envoy.reading import Fault, Problem, read
from meshcompile.models.networking.envoy_filter import ApplyTo, EnvoyConfigObjectPatch
from meshcompile.validate.checks import Found

MESSAGES: Mapping[ApplyTo, str] = {
    ApplyTo.LISTENER: "envoy.config.listener.v3.Listener",
    ApplyTo.LISTENER_FILTER: "envoy.config.listener.v3.ListenerFilter",
    ApplyTo.FILTER_CHAIN: "envoy.config.listener.v3.FilterChain",
    ApplyTo.NETWORK_FILTER: "envoy.config.listener.v3.Filter",
    ApplyTo.HTTP_FILTER: "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter",
    ApplyTo.ROUTE_CONFIGURATION: "envoy.config.route.v3.RouteConfiguration",
    ApplyTo.VIRTUAL_HOST: "envoy.config.route.v3.VirtualHost",
    ApplyTo.HTTP_ROUTE: "envoy.config.route.v3.Route",
    ApplyTo.CLUSTER: "envoy.config.cluster.v3.Cluster",
    ApplyTo.EXTENSION_CONFIG: "envoy.config.core.v3.TypedExtensionConfig",
    ApplyTo.BOOTSTRAP: "envoy.config.bootstrap.v3.Bootstrap",
}
"""The message of a patch's value, by what the patch applies to."""


def patch_value(patch: EnvoyConfigObjectPatch) -> Found:
    """Findings about the value. An unknown field is an error that does not reject the object, because Istio drops the
    field.
    """
    name = MESSAGES.get(patch.apply_to)
    if name is None or patch.patch is None or patch.patch.value is None:
        return
    reading = read(name, patch.patch.value)
    origin = patch.patch.at("value")
    for problem in reading.problems:
        if problem.fault is Fault.UNKNOWN_FIELD:
            text, suggestion = problem.text, problem.suggestion
            yield UNKNOWN_ENVOY_FIELD(origin.at(*problem.path), problem=text, suggestion=suggestion)
        elif problem.fault is Fault.UNSUPPORTED:
            yield UNSUPPORTED_ENVOY_VALUE(origin.at(*problem.path), problem=problem.text)
        else:
            yield INVALID_ENVOY_VALUE(origin.at(*problem.path), problem=_text(problem), suggestion=problem.suggestion)
    for filter_name in _without_configuration(name, reading.value or {}):
        problem_text = f"`{filter_name}` has no `typed_config`, which Envoy needs to identify the filter"
        yield codes.PATCH_DOUBT(origin, problem=problem_text)


def _text(problem: Problem) -> str:
    if problem.fault is not Fault.UNKNOWN_TYPE:
        return problem.text
    return f"Envoy has no type {problem.text}" + (
        ": version 2 of its API was removed" if ".v2." in problem.text else ""
    )


def _without_configuration(message: str, value: Mapping[str, Any]) -> Iterator[str]:
    """The names of filters that have only a name. Like istiod, this does not look into lists."""
    described = descriptor(message)
    if described is None:
        return
    for field in described.fields:
        below = value.get(field.json_name)
        if field.kind == "message" and field.cardinality in ("single", "optional") and isinstance(below, Mapping):
            yield from _without_configuration(field.type, below)
    if described.field("typedConfig") and not {"typedConfig", "configDiscovery"} & value.keys():
        yield str(value.get("name", ""))
