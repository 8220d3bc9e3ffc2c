"""Sidecars and the workloads that they select. Follows istioctl's `sidecar.SelectorAnalyzer`."""

from collections import defaultdict
from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.workloads import selector_text
from meshcompile.codes.references import (
    NOT_FOUND,
    SEVERAL_SIDECARS_FOR_NAMESPACE,
    SEVERAL_SIDECARS_FOR_WORKLOAD,
)
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.networking.sidecar import Sidecar
from meshcompile.values.labels import selects


def sidecars(context: Context) -> Iterator[Diagnostic]:
    """A finding for each Sidecar that selects nothing, or whose workloads another one already selects."""
    namespaces: dict[str, list[Sidecar]] = defaultdict(list)
    selecting: dict[str, list[Sidecar]] = defaultdict(list)
    for sidecar in context.resources.all(Sidecar):
        (selecting if _labels(sidecar) else namespaces)[sidecar.namespace].append(sidecar)
    for group in namespaces.values():
        if len(group) > 1:
            names = ", ".join(sorted(sidecar.name for sidecar in group))
            yield from (SEVERAL_SIDECARS_FOR_NAMESPACE(each, names=names, used=group[0].name) for each in group)
    for group in selecting.values():
        yield from _selecting_nothing(context, group)
        yield from _selecting_the_same(context, group)


def _labels(sidecar: Sidecar) -> dict[str, str]:
    return {} if sidecar.spec.workload_selector is None else dict(sidecar.spec.workload_selector.labels)


def _selecting_nothing(context: Context, group: list[Sidecar]) -> Iterator[Diagnostic]:
    for sidecar in group:
        selector = sidecar.spec.workload_selector
        if selector is not None and not context.workloads.has(selector.labels, sidecar.namespace):
            labels = selector_text(selector.labels)
            problem = f"no workload of namespace {sidecar.namespace} has the labels {labels} that this selects"
            effect = "it has no effect"
            yield NOT_FOUND(selector.at("labels"), problem=problem, effect=effect, severity=context.of_workloads)


def _selecting_the_same(context: Context, group: list[Sidecar]) -> Iterator[Diagnostic]:
    """A finding for each of several Sidecars that select the same Pod. It names the first such Pod."""
    if len(group) == 1:
        return
    reported: set[str] = set()
    for pod in context.pods_of(group[0].namespace):
        same = [sidecar for sidecar in group if selects(_labels(sidecar), pod.metadata.labels)]
        if len(same) > 1:
            names = ", ".join(sorted(sidecar.name for sidecar in same))
            for sidecar in same:
                if sidecar.name not in reported:
                    reported.add(sidecar.name)
                    yield SEVERAL_SIDECARS_FOR_WORKLOAD(sidecar, names=names, pod=pod.name, used=same[0].name)
