"""Telemetries that conflict, or that name no provider for their logs."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.workloads import selector_text
from meshcompile.codes.references import NOT_FOUND
from meshcompile.codes.telemetry import PROVIDER_MISSING, SEVERAL_FOR_NAMESPACE
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.telemetry.telemetry import Telemetry
from meshcompile.snapshot.snapshot import Snapshot


def telemetries(context: Context) -> Iterator[Diagnostic]:
    """The findings of istioctl's analyzers of Telemetries."""
    snapshot = context.snapshot
    yield from _without_provider(snapshot)
    yield from _without_selector(snapshot)
    yield from _selecting_nothing(context)


def _without_provider(snapshot: Snapshot) -> Iterator[Diagnostic]:
    """A finding for each entry of access logging without a provider to inherit."""
    if snapshot.telemetry.defaults.access_logging:
        return
    for telemetry in snapshot.telemetry.all:
        for block in telemetry.spec.access_logging:
            if not block.disabled and not block.providers:
                yield PROVIDER_MISSING(block, kind=telemetry.kind, namespace=telemetry.namespace, name=telemetry.name)


def _without_selector(snapshot: Snapshot) -> Iterator[Diagnostic]:
    """A finding for each of several Telemetries without a selector in one namespace, regardless of their targets."""
    namespaces: dict[str, list[Telemetry]] = {}
    for telemetry in snapshot.telemetry.all:
        if telemetry.spec.selector is None:
            namespaces.setdefault(telemetry.namespace, []).append(telemetry)
    for group in namespaces.values():
        names = " ".join(sorted(telemetry.name for telemetry in group))
        if len(group) > 1:
            yield from (SEVERAL_FOR_NAMESPACE(telemetry, names=names) for telemetry in group)


def _selecting_nothing(context: Context) -> Iterator[Diagnostic]:
    """A finding for each selector that matches nothing in its own namespace."""
    for telemetry in context.snapshot.telemetry.all:
        selector = telemetry.spec.selector
        if selector is not None and not context.workloads.has(selector.match_labels, telemetry.namespace):
            labels = selector_text(selector.match_labels)
            problem = (
                f"no workload of namespace {telemetry.namespace} has the labels {labels} that this Telemetry selects"
            )
            effect = "it has no effect"
            yield NOT_FOUND(selector.at("match_labels"), problem=problem, effect=effect, severity=context.of_workloads)
