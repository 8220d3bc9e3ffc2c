"""Rules of EnvoyFilters: istiod's `envoyfilter.ValidateEnvoyFilter`, and the schema's.

Patches for waypoints are skipped. Checking another patch stops at its first problem.
"""

from collections.abc import Mapping

from meshcompile.codes import validation as codes
from meshcompile.models.networking.envoy_filter import (
    ApplyTo,
    EnvoyConfigObjectMatch,
    EnvoyConfigObjectPatch,
    EnvoyFilter,
    FilterMatch,
    Operation,
    PatchContext,
)
from meshcompile.syntax import re2
from meshcompile.validate.checks import Found, exclusive, selector
from meshcompile.validate.patch_value import patch_value
from meshcompile.values.names import HTTP_CONNECTION_MANAGER

OWN_MATCH: Mapping[ApplyTo, str] = {
    ApplyTo.LISTENER: "listener",
    ApplyTo.FILTER_CHAIN: "listener",
    ApplyTo.NETWORK_FILTER: "listener",
    ApplyTo.HTTP_FILTER: "listener",
    ApplyTo.ROUTE_CONFIGURATION: "routeConfiguration",
    ApplyTo.VIRTUAL_HOST: "routeConfiguration",
    ApplyTo.HTTP_ROUTE: "routeConfiguration",
    ApplyTo.CLUSTER: "cluster",
}
"""What a patch applies to, and the only match that such a patch can have. Patches that are not listed can have any
match.
"""
WITHOUT_FILTERS = (ApplyTo.LISTENER, ApplyTo.FILTER_CHAIN)
CANONICAL_NAMES: Mapping[str, str] = {
    "envoy.buffer": "envoy.filters.http.buffer",
    "envoy.client_ssl_auth": "envoy.filters.network.client_ssl_auth",
    "envoy.cors": "envoy.filters.http.cors",
    "envoy.csrf": "envoy.filters.http.csrf",
    "envoy.ext_authz": "envoy.filters.http.ext_authz",
    "envoy.fault": "envoy.filters.http.fault",
    "envoy.grpc_http1_bridge": "envoy.filters.http.grpc_http1_bridge",
    "envoy.grpc_json_transcoder": "envoy.filters.http.grpc_json_transcoder",
    "envoy.grpc_web": "envoy.filters.http.grpc_web",
    "envoy.gzip": "envoy.filters.http.gzip",
    "envoy.health_check": "envoy.filters.http.health_check",
    "envoy.http_connection_manager": HTTP_CONNECTION_MANAGER,
    "envoy.http_dynamo_filter": "envoy.filters.http.dynamo",
    "envoy.ip_tagging": "envoy.filters.http.ip_tagging",
    "envoy.listener.http_inspector": "envoy.filters.listener.http_inspector",
    "envoy.listener.original_dst": "envoy.filters.listener.original_dst",
    "envoy.listener.original_src": "envoy.filters.listener.original_src",
    "envoy.listener.proxy_protocol": "envoy.filters.listener.proxy_protocol",
    "envoy.listener.tls_inspector": "envoy.filters.listener.tls_inspector",
    "envoy.lua": "envoy.filters.http.lua",
    "envoy.mongo_proxy": "envoy.filters.network.mongo_proxy",
    "envoy.rate_limit": "envoy.filters.http.ratelimit",
    "envoy.ratelimit": "envoy.filters.network.ratelimit",
    "envoy.redis_proxy": "envoy.filters.network.redis_proxy",
    "envoy.router": "envoy.filters.http.router",
    "envoy.squash": "envoy.filters.http.squash",
    "envoy.tcp_proxy": "envoy.filters.network.tcp_proxy",
}
"""Names that filters had in old releases of Envoy, and the names that Istio uses."""


def violations(envoy_filter: EnvoyFilter) -> Found:
    """Findings about an EnvoyFilter."""
    spec = envoy_filter.spec
    yield codes.ENVOY_FILTER(envoy_filter)
    yield from exclusive(spec, "workload_selector", "target_refs")
    yield from selector(spec.workload_selector)
    for patch in spec.config_patches:
        if patch.match is not None:
            yield from _context(patch.match)
        if patch.match is None or patch.match.context is not PatchContext.WAYPOINT:
            yield from _patch(patch)


def _context(match: EnvoyConfigObjectMatch) -> Found:
    """The schema's rule about waypoints."""
    if (match.context is PatchContext.WAYPOINT) != (match.waypoint is not None):
        problem = "a match with `context: WAYPOINT` has `waypoint`, and no other match has it"
        yield codes.PATCH(match, problem=problem)


def _patch(patch: EnvoyConfigObjectPatch) -> Found:
    problem = _missing(patch) or _match_problem(patch)
    if problem:
        yield codes.PATCH(patch, problem=problem)
        return
    yield from _doubtful_match(patch)
    yield from patch_value(patch)


def _missing(patch: EnvoyConfigObjectPatch) -> str | None:
    if patch.apply_to is ApplyTo.INVALID:
        return "`applyTo` is missing"
    if patch.patch is None:
        return "`patch` is missing"
    if patch.patch.operation is Operation.INVALID:
        return "`operation` is missing"
    if patch.patch.operation is not Operation.REMOVE and patch.patch.value is None:
        return f"`value` is missing, which operation {patch.patch.operation} needs"
    return None


def _match_problem(patch: EnvoyConfigObjectPatch) -> str | None:
    match = patch.match
    if match is None:
        return None
    if match.proxy is not None and (problem := re2.syntax_error(match.proxy.proxy_version)):
        return f"`proxyVersion` is not a valid regular expression: {problem}"
    own = OWN_MATCH.get(patch.apply_to)
    matches = {
        "listener": match.listener,
        "routeConfiguration": match.route_configuration,
        "cluster": match.cluster,
        "waypoint": match.waypoint,
    }
    if own is None:
        return None
    if others := [name for name, node in matches.items() if node is not None and name != own]:
        return f"a patch that applies to {patch.apply_to} can only match by `{own}`, not by `{others[0]}`"
    filter_match = _filter_match(match)
    return _filter_problem(patch.apply_to, filter_match) if filter_match is not None else None


def _filter_match(match: EnvoyConfigObjectMatch) -> FilterMatch | None:
    chain = match.listener.filter_chain if match.listener is not None else None
    return chain.filter if chain is not None else None


def _filter_problem(apply_to: ApplyTo, match: FilterMatch) -> str | None:
    if not match.name:
        return "a match by `filter` needs its `name`"
    if match.sub_filter is None:
        return None
    if apply_to is not ApplyTo.HTTP_FILTER:
        return "a match by `subFilter` is only for HTTP_FILTER"
    if match.name not in (HTTP_CONNECTION_MANAGER, "envoy.http_connection_manager"):
        return f"a match by `subFilter` is for filters inside {HTTP_CONNECTION_MANAGER}"
    return None if match.sub_filter.name else "a match by `subFilter` needs its `name`"


def _doubtful_match(patch: EnvoyConfigObjectPatch) -> Found:
    own = patch.apply_to in OWN_MATCH
    match = _filter_match(patch.match) if patch.match is not None and own else None
    if match is None:
        return
    if patch.apply_to in WITHOUT_FILTERS:
        problem = f"a match by `filter` has no effect on a patch that applies to {patch.apply_to}"
        yield codes.PATCH_DOUBT(match, problem=problem)
    for named in (match, match.sub_filter):
        if named is not None and (name := CANONICAL_NAMES.get(named.name)):
            problem = f"`{named.name}` is a former name of the filter and matches nothing: use `{name}`"
            yield codes.PATCH_DOUBT(named.at("name"), problem=problem, suggestion=f"write `{name}`")
