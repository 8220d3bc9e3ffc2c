"""Patches of EnvoyFilters for which the mesh has no proxy, or no route configuration."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.pods import has_proxy
from meshcompile.analyze.routers import has_sidecar
from meshcompile.codes.envoy_filters import NO_PROXY_FOR_PATCH, NO_ROUTE_CONFIGURATION
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.networking.envoy_filter import EnvoyConfigObjectPatch, EnvoyFilter, PatchContext


def envoy_filter_proxies(context: Context) -> Iterator[Diagnostic]:
    """A finding for each patch that reaches no proxy of its kind, or names routes that no gateway has."""
    if not context.pods.all:
        return
    for envoy_filter in context.resources.all(EnvoyFilter):
        spec = envoy_filter.spec
        is_root = envoy_filter.namespace == context.snapshot.mesh.root_namespace
        if spec.target_refs:
            continue
        labels = {} if spec.workload_selector is None else spec.workload_selector.labels
        pods = tuple(context.pods.selected(labels, "" if is_root else envoy_filter.namespace))
        gateways = any(_is_gateway(context, pod) for pod in pods) or (is_root and context.assumes_ingress_gateway)
        sidecars = any(has_proxy(pod) and not _is_gateway(context, pod) for pod in pods)
        where = "in the mesh" if is_root else f"in namespace {envoy_filter.namespace}"
        for patch in spec.config_patches:
            yield from _of_patch(context, patch, where + (" with these labels" if labels else ""), gateways, sidecars)


def _is_gateway(context: Context, pod: Pod) -> bool:
    alone = pod.spec.proxy is not None and not has_sidecar(pod)
    return alone or (context.serves_gateway(pod) and not has_sidecar(pod))


def _of_patch(
    context: Context, patch: EnvoyConfigObjectPatch, where: str, gateways: bool, sidecars: bool
) -> Iterator[Diagnostic]:
    match = patch.match
    side = PatchContext.ANY if match is None else match.context
    if side is PatchContext.WAYPOINT:
        return
    if not (gateways or sidecars if side is PatchContext.ANY else gateways if _of_gateways(side) else sidecars):
        kind = "proxy" if side is PatchContext.ANY else "gateway" if _of_gateways(side) else "sidecar"
        place = patch if match is None or side is PatchContext.ANY else match.at("context")
        suggestion = "an EnvoyFilter applies to its own namespace, and in the root namespace to the whole mesh"
        yield NO_PROXY_FOR_PATCH(place, kind=kind, where=where, suggestion=suggestion)
        return
    routes = None if match is None else match.route_configuration
    known = context.route_names if _of_gateways(side) else frozenset[str]()
    if known and routes is not None and routes.name and routes.name not in known:
        names = ", ".join(sorted(known)[:6])
        yield NO_ROUTE_CONFIGURATION(routes.at("name"), written=routes.name, suggestion=f"there is {names}")


def _of_gateways(context: PatchContext) -> bool:
    return context is PatchContext.GATEWAY
