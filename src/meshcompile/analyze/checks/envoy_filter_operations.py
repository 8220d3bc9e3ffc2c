"""Operations of EnvoyFilter patches. Follows istioctl's `EnvoyPatchAnalyzer`.

istioctl reports that ADD and REMOVE are ignored for HTTP_ROUTE, but istiod applies them: such a finding is an info.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile

from meshcompile.analyze.context import Context
from meshcompile.analyze.places import whole
from meshcompile.codes.references import (
    ADD_MISPLACED,
    RELATIVE_PATCH,
    RELATIVE_PATCH_OF_VERSION,
    REMOVE_MISPLACED,
    REPLACE_MISPLACED,
)
from meshcompile.diagnostics import Code, Diagnostic, Related, Severity
from meshcompile.documents import Origin
from meshcompile.models.networking.envoy_filter import ApplyTo, EnvoyConfigObjectPatch, EnvoyFilter, Operation

REPLACED = (ApplyTo.NETWORK_FILTER, ApplyTo.HTTP_FILTER, ApplyTo.VIRTUAL_HOST)
ROUTES = (ApplyTo.ROUTE_CONFIGURATION, ApplyTo.HTTP_ROUTE)
RELATIVE = (Operation.REMOVE, Operation.REPLACE, Operation.INSERT_BEFORE, Operation.INSERT_AFTER)


def envoy_filter_operations(context: Context) -> Iterator[Diagnostic]:
    """A finding for each operation that has no effect on its target, or that depends on other patches."""
    of_versions: set[str] = set()  # names of filters for which an earlier patch has a proxy version
    for envoy_filter in context.written.all(EnvoyFilter):
        found: dict[tuple[Code, Origin], list[EnvoyConfigObjectPatch]] = {}
        for patch in takewhile(lambda patch: patch.patch is not None, envoy_filter.spec.config_patches):
            name = _filter_name(patch)
            code = _code(patch, has_priority=envoy_filter.spec.priority != 0, of_version=name in of_versions)
            if code is not None:
                found.setdefault((code, _reported(envoy_filter, patch)), []).append(patch)
            if patch.match is not None and patch.match.proxy is not None and patch.match.proxy.proxy_version:
                of_versions.add(name)
        for (code, reported), patches in found.items():
            yield _finding(code, reported, patches)


def _reported(envoy_filter: EnvoyFilter, patch: EnvoyConfigObjectPatch) -> Origin:
    """The position at which istioctl reports a patch: that of an explicit `value: null`, or else that of the object."""
    if patch.patch is None or patch.patch.value:
        return whole(envoy_filter)
    value = patch.patch.at("value")
    return whole(envoy_filter) if value.position == patch.patch.origin.position else value


def _finding(code: Code, reported: Origin, patches: Sequence[EnvoyConfigObjectPatch]) -> Diagnostic:
    """One finding for all patches that have the same problem and are reported together."""
    first, *others = (patch.patch.origin for patch in patches if patch.patch is not None)
    related = tuple(Related("this patch too", place) for place in others)
    targets = tuple(dict.fromkeys(patch.apply_to for patch in patches))
    if code in (ADD_MISPLACED, REMOVE_MISPLACED) and targets == (ApplyTo.HTTP_ROUTE,):
        problem = "istioctl says that it has no effect on HTTP_ROUTE, but istiod applies it"
        return code(first, reported=reported, problem=problem, severity=Severity.INFO, related=related)
    problem = f"it has no effect on {', '.join(name for name in targets if name != ApplyTo.HTTP_ROUTE)}"
    return code(first, reported=reported, problem=problem, related=related)


def _code(patch: EnvoyConfigObjectPatch, *, has_priority: bool, of_version: bool) -> Code | None:
    """The code for the problem of a patch; None if it has none."""
    if patch.patch is None:
        return None
    apply_to = patch.apply_to
    match patch.patch.operation:
        case Operation.ADD if apply_to in ROUTES:
            return ADD_MISPLACED
        case Operation.REMOVE if apply_to in ROUTES:
            return REMOVE_MISPLACED
        case Operation.REPLACE if apply_to not in REPLACED:
            return REPLACE_MISPLACED
        case operation if operation in RELATIVE and not has_priority:
            return RELATIVE_PATCH_OF_VERSION if of_version else RELATIVE_PATCH
        case _:
            return None


def is_misplaced(patch: EnvoyConfigObjectPatch) -> bool:
    """True if the operation of a patch has no effect on its target, which is reported here."""
    code = _code(patch, has_priority=True, of_version=False)
    is_applied = code is not REPLACE_MISPLACED and patch.apply_to is ApplyTo.HTTP_ROUTE
    return code is not None and not is_applied


def _filter_name(patch: EnvoyConfigObjectPatch) -> str:
    """The name of the filter that a patch adds, or that one with a value but without a name matches."""
    if patch.patch is None or not patch.patch.value:
        return ""
    if "name" in patch.patch.value:
        return str(patch.patch.value["name"])
    listener = None if patch.match is None else patch.match.listener
    chain = None if listener is None else listener.filter_chain
    return "" if chain is None or chain.filter is None else chain.filter.name
