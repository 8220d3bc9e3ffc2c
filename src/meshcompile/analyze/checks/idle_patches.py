"""Patches of EnvoyFilters that change nothing at any proxy. The proxies are compiled until every patch is at work.

Nothing is said of a patch if more than PROXIES different proxies would have to be compiled.
"""

from collections.abc import Iterator
from itertools import chain, islice

from msgspec.structs import replace

from meshcompile.analyze.checks.envoy_filter_operations import is_misplaced
from meshcompile.analyze.checks.envoy_filter_proxies import envoy_filter_proxies
from meshcompile.analyze.context import Context
from meshcompile.analyze.fleet import first_of_each
from meshcompile.codes.envoy_filters import PATCH_WITHOUT_EFFECT
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.models.networking.envoy_filter import ApplyTo, EnvoyFilter, PatchContext
from meshcompile.proxies import NamedProxy
from meshcompile.proxy import Proxy
from meshcompile.resolve.envoy_filters import envoy_filters
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.words import nor_for_others

PROXIES = 24
"""The most proxies that are compiled."""
OF_GATEWAYS = frozenset({PatchContext.ANY, PatchContext.GATEWAY})
OF_WAYPOINTS = frozenset({PatchContext.WAYPOINT})


def idle_patches(context: Context) -> Iterator[Diagnostic]:
    """A finding for each patch that changes no proxy which its EnvoyFilter selects."""
    waiting = set(_judged(context))
    if not waiting or not context.snapshot.services.all:
        return
    idle: dict[Origin, list[Diagnostic]] = {}
    selected = _selected(context)
    for proxy, patches in islice(selected, PROXIES):
        if not waiting.isdisjoint(patches):
            _sort(context.snapshot, proxy, waiting, idle)
        if not waiting:
            return
    rest = {place for _, patches in selected for place in patches}
    for place, found in idle.items():
        if found and place in waiting and place not in rest:
            yield _of_all(found)


def _judged(context: Context) -> Iterator[Origin]:
    """The patches for proxies that the input has, without those that another check reports."""
    reported = [each.origin for each in envoy_filter_proxies(context)]
    for envoy_filter in context.resources.all(EnvoyFilter):
        is_root = envoy_filter.namespace == context.snapshot.mesh.root_namespace
        excluded = OF_GATEWAYS if is_root and context.assumes_ingress_gateway else frozenset[PatchContext]()
        for patch in envoy_filter.spec.config_patches:
            side = PatchContext.ANY if patch.match is None else patch.match.context
            is_said = is_misplaced(patch) or any(_is_within(place, patch.origin) for place in reported)
            if patch.apply_to is not ApplyTo.BOOTSTRAP and side not in excluded | OF_WAYPOINTS and not is_said:
                yield patch.origin


def _selected(context: Context) -> Iterator[tuple[Proxy, frozenset[Origin]]]:
    """The proxies that have patches, with these: gateways, and one of each cluster, namespace and set of labels."""
    snapshot, seen = context.snapshot, set[str]()
    for proxy in chain((facts.proxy for facts in context.routers), first_of_each(snapshot, _shape)):
        if proxy.id not in seen and (patches := envoy_filters(snapshot.envoy_filters, proxy).all):
            seen.add(proxy.id)
            yield proxy, frozenset(patch.origin for patch in patches)


def _shape(each: NamedProxy) -> object:
    return each.cluster, each.pod.namespace, frozenset(each.pod.metadata.labels.items())


def _sort(snapshot: Snapshot, proxy: Proxy, waiting: set[Origin], idle: dict[Origin, list[Diagnostic]]) -> None:
    """Compile a proxy: remove the patches that change it from `waiting`, and keep the findings about the others."""
    from meshcompile.compile import compiled  # for a fast start: few meshes have patches

    done = compiled(snapshot, proxy)
    reasons = [each for each in done.diagnostics if each.code == PATCH_WITHOUT_EFFECT.id]
    for report in done.patches:
        if report.changes:
            waiting.discard(report.origin)
        else:
            about = (each for each in reasons if _is_within(each.origin, report.origin))
            idle.setdefault(report.origin, []).extend(about)


def _is_within(place: Origin, patch: Origin) -> bool:
    return place.document is patch.document and place.path[: len(patch.path)] == patch.path


def _of_all(found: list[Diagnostic]) -> Diagnostic:
    """The finding about the proxy that has most of what the patch matches, with the number of the other proxies."""
    nearest = max(found, key=lambda each: not _is_about_proxy(each))
    return replace(nearest, message=nor_for_others(nearest.message, len(found) - 1))


def _is_about_proxy(finding: Diagnostic) -> bool:
    """True if the patch is for other proxies."""
    return finding.origin.path[-2:] == ("match", "context") or "proxy" in finding.origin.path
