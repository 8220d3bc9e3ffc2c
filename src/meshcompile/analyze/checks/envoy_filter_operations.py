"""Operations of EnvoyFilter patches. Follows istioctl's `EnvoyPatchAnalyzer`.

istioctl also reports that ADD and REMOVE are ignored for HTTP_ROUTE. This check does not, because istiod applies them.
"""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.references import (
    ADD_MISPLACED,
    RELATIVE_PATCH,
    RELATIVE_PATCH_OF_VERSION,
    REMOVE_MISPLACED,
    REPLACE_MISPLACED,
)
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.networking.envoy_filter import ApplyTo, EnvoyConfigObjectPatch, EnvoyFilter, Operation

REPLACED = (ApplyTo.NETWORK_FILTER, ApplyTo.HTTP_FILTER, ApplyTo.VIRTUAL_HOST)
RELATIVE = (Operation.REMOVE, Operation.REPLACE, Operation.INSERT_BEFORE, Operation.INSERT_AFTER)


def envoy_filter_operations(context: Context) -> Iterator[Diagnostic]:
    """A finding for each operation that has no effect on its target, or that depends on other patches."""
    of_versions: set[str] = set()  # names of filters for which an earlier patch has a proxy version
    for envoy_filter in context.resources.all(EnvoyFilter):
        for patch in envoy_filter.spec.config_patches:
            name = _filter_name(patch)
            yield from _operation(patch, has_priority=envoy_filter.spec.priority != 0, of_version=name in of_versions)
            if patch.match is not None and patch.match.proxy is not None and patch.match.proxy.proxy_version:
                of_versions.add(name)


def _operation(patch: EnvoyConfigObjectPatch, *, has_priority: bool, of_version: bool) -> Iterator[Diagnostic]:
    if patch.patch is None:
        return
    place, apply_to = patch.patch, patch.apply_to
    match patch.patch.operation:
        case Operation.ADD if apply_to is ApplyTo.ROUTE_CONFIGURATION:
            yield ADD_MISPLACED(place, apply_to=apply_to)
        case Operation.REMOVE if apply_to is ApplyTo.ROUTE_CONFIGURATION:
            yield REMOVE_MISPLACED(place, apply_to=apply_to)
        case Operation.REPLACE if apply_to not in REPLACED:
            yield REPLACE_MISPLACED(place, apply_to=apply_to)
        case operation if operation in RELATIVE and not has_priority:
            code = RELATIVE_PATCH_OF_VERSION if of_version else RELATIVE_PATCH
            yield code(place, operation=operation)


def _filter_name(patch: EnvoyConfigObjectPatch) -> str:
    """The name of the filter that a patch adds or matches."""
    if patch.patch is None or not patch.patch.value:
        return ""
    if "name" in patch.patch.value:
        return str(patch.patch.value["name"])
    listener = None if patch.match is None else patch.match.listener
    chain = None if listener is None else listener.filter_chain
    return "" if chain is None or chain.filter is None else chain.filter.name
