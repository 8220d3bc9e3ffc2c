"""The HTTP filters of a connection, in their order.

A filter without an evaluator is reported: what follows depends on it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.envoy.config.route import FilterConfig
from meshcompile.envoy.extensions.filters.http import (
    compressor,
    dynamic_forward_proxy,
    grpc_stats,
    grpc_web,
    set_filter_state,
    stateful_session,
)
from meshcompile.envoy.extensions.filters.http import cors as cors_messages
from meshcompile.envoy.extensions.filters.http import ext_authz as ext_authz_messages
from meshcompile.envoy.extensions.filters.http import fault as fault_messages
from meshcompile.envoy.extensions.filters.http import header_mutation as header_mutation_messages
from meshcompile.envoy.extensions.filters.http import jwt_authn as jwt_authn_messages
from meshcompile.envoy.extensions.filters.http import rbac as rbac_messages
from meshcompile.envoy.extensions.filters.http import router as router_messages
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.envoy.istio import AlpnFilterConfig, StatsPluginConfig
from meshcompile.envoy.message import Packed
from meshcompile.simulate.alpn import alpn
from meshcompile.simulate.cors import cors
from meshcompile.simulate.course import Course, HttpFilterConfig, HttpFilterEvaluator, Passed
from meshcompile.simulate.ext_authz import ext_authz
from meshcompile.simulate.fault import fault
from meshcompile.simulate.header_mutation_filter import header_mutation
from meshcompile.simulate.http_rbac import http_rbac
from meshcompile.simulate.jwt_authn import jwt_authn
from meshcompile.simulate.outcomes import ProxyOutcome
from meshcompile.simulate.router import router
from meshcompile.simulate.string_match import is_typed_struct_of, type_name


def _passing(_: HttpFilterConfig, course: Course) -> Passed:
    """A filter that neither answers nor changes what routes see."""
    yield course


EVALUATORS: Mapping[type, HttpFilterEvaluator] = {
    cors_messages.Cors: cors,
    fault_messages.HTTPFault: fault,
    AlpnFilterConfig: alpn,
    StatsPluginConfig: _passing,
    ext_authz_messages.ExtAuthz: ext_authz,
    header_mutation_messages.HeaderMutation: header_mutation,
    jwt_authn_messages.JwtAuthentication: jwt_authn,
    rbac_messages.RBAC: http_rbac,
    set_filter_state.Config: _passing,
    compressor.Compressor: _passing,
    dynamic_forward_proxy.FilterConfig: _passing,  # the cluster depends on the answer of DNS
    grpc_stats.FilterConfig: _passing,
    grpc_web.GrpcWeb: _passing,
    stateful_session.StatefulSession: _passing,  # it chooses between the endpoints of the cluster
}
# Filters of Istio whose configuration has no type of its own.
PASSING_TYPES = frozenset({"io.istio.http.peer_metadata.Config", "stats.PluginConfig"})


def filter_configs(
    filters: Sequence[HttpFilter], extensions: Mapping[str, TypedExtensionConfig], pointer: str
) -> tuple[HttpFilterConfig, ...]:
    """The filters of a connection manager. `extensions` are configurations that are discovered, by name."""
    return tuple(
        HttpFilterConfig(each.name, _config(each, extensions), f"{pointer}/{index}")
        for index, each in enumerate(filters)
        if not each.disabled
    )


def _config(each: HttpFilter, extensions: Mapping[str, TypedExtensionConfig]) -> Packed | None:
    if each.config_discovery is None:
        return each.typed_config
    discovered = extensions.get(each.name)
    return discovered.typed_config if discovered else None


def through_filters(filters: Sequence[HttpFilterConfig], course: Course) -> Iterator[ProxyOutcome]:
    """All outcomes of a request that arrives at the first of these filters."""
    if not filters:
        yield course.reply(404, "route_not_found", flags=("NR",))
        return
    first, others = filters[0], filters[1:]
    if isinstance(first.config, router_messages.Router):
        yield from router(course)
        return
    for passed in _passed(first, course):
        if isinstance(passed, ProxyOutcome):
            yield passed
        else:
            yield from through_filters(others, passed)


def _passed(config: HttpFilterConfig, course: Course) -> Iterable[Course | ProxyOutcome]:
    per_route = course.choice.filter_config(config.name)
    if isinstance(per_route, FilterConfig):
        if per_route.disabled:
            return (course,)
        per_route = per_route.config
    filter_ = HttpFilterConfig(config.name, config.config, config.pointer, per_route)
    evaluator = EVALUATORS.get(type(filter_.config))
    if evaluator is not None:
        return evaluator(filter_, course)
    if is_typed_struct_of(filter_.config, PASSING_TYPES):
        return (course,)
    unknown = f"the HTTP filter {config.name} ({type_name(config.config)})"
    return (course.after("HTTP filter", config.name, "is not evaluated", config.pointer).depending(unknown),)
