"""The labels of workloads, indexed by the pairs in selectors."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property

from msgspec import Struct

from meshcompile.values.labels import Labels, selects


class WorkloadLabels(Struct, frozen=True, eq=False, dict=True):
    """The namespace and labels of every workload."""

    all: tuple[tuple[str, Labels], ...]

    def selected(self, selector: Labels, namespace: str = "") -> Iterator[tuple[str, Labels]]:
        """The workloads of a namespace (of all namespaces for "") with these labels. No labels select all."""
        return (
            (of, labels)
            for of, labels in self._candidates(selector)
            if namespace in ("", of) and selects(selector, labels)
        )

    def has(self, selector: Labels, namespace: str = "") -> bool:
        """True if something is selected. A selector without labels always counts as selecting."""
        return not selector or any(True for _ in self.selected(selector, namespace))

    def _candidates(self, selector: Labels) -> tuple[tuple[str, Labels], ...]:
        """The workloads with the selector's rarest pair."""
        groups = (self._by_pair.get(pair, ()) for pair in selector.items())
        return min(groups, key=len, default=self.all)

    @cached_property
    def _by_pair(self) -> Mapping[tuple[str, str], tuple[tuple[str, Labels], ...]]:
        by_pair: dict[tuple[str, str], list[tuple[str, Labels]]] = defaultdict(list)
        for workload in self.all:
            for pair in workload[1].items():
                by_pair[pair].append(workload)
        return {pair: tuple(group) for pair, group in by_pair.items()}


def selector_text(selector: Labels) -> str:
    """A selector in kubectl's form: `app=web,version=v1`."""
    return ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
