"""The API server's rules on one object of Kubernetes' own kinds, with one module per family of kinds.

Reading an object checks its fields and their types earlier.
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
"""Kinds with rules beyond those on metadata, and their modules. A module is imported when the first such object is
read.
"""

Rules = Callable[[Resource], Iterable[Diagnostic]]


def no_violations(_: Resource) -> Iterable[Diagnostic]:
    """No findings, for a kind without rules."""
    return ()


@cache
def rules(kind: str) -> Rules:
    """The rules of one of Kubernetes' kinds."""
    if kind not in MODULES:
        return no_violations
    found: Rules = import_module(f"{__name__}.{MODULES[kind]}").violations
    return found
