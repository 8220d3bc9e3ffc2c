"""Rules of the API server on one object of Kubernetes' own kinds, one module per family of kinds.

The fields and their types are checked before, while an object is read.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module

from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Resource

MODULES: Mapping[str, str] = {
    "ConfigMap": "data",
    "CronJob": "workloads",
    "DaemonSet": "workloads",
    "Deployment": "workloads",
    "EndpointSlice": "endpoints",
    "Endpoints": "endpoints",
    "Ingress": "ingress",
    "IngressClass": "ingress",
    "Job": "workloads",
    "Pod": "pod",
    "ReplicaSet": "workloads",
    "Secret": "data",
    "Service": "service",
    "StatefulSet": "workloads",
}
"""Kinds with rules beside those on metadata, and the modules that are imported when the first such object is read."""

Rules = Callable[[Resource], Iterable[Diagnostic]]


def no_violations(_: Resource) -> Iterable[Diagnostic]:
    """What is wrong with an object of a kind without rules."""
    return ()


@cache
def rules(kind: str) -> Rules:
    """The rules of one of Kubernetes' kinds."""
    if kind not in MODULES:
        return no_violations
    found: Rules = import_module(f"{__name__}.{MODULES[kind]}").violations
    return found
