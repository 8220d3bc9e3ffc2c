"""The workloads of the mesh: Pods, WorkloadEntries, Nodes, Namespaces."""

from dataclasses import dataclass

from meshcompile.snapshot.resources import Resources


@dataclass(frozen=True)
class WorkloadIndex:
    """The workloads of the mesh: Pods, WorkloadEntries, Nodes, Namespaces."""


def workload_index(resources: Resources) -> WorkloadIndex:
    """The index of the accepted resources."""
    return WorkloadIndex()
