"""Endpoints that refer to Pods which do not exist."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.services import ENDPOINT_WITHOUT_POD
from meshcompile.diagnostics import Diagnostic


def endpoints_without_pods(context: Context) -> Iterator[Diagnostic]:
    """A finding for each endpoint of an EndpointSlice that is dropped because its Pod does not exist."""
    snapshot = context.snapshot
    for cluster, slices in snapshot.endpoints.slices.items():
        pods = snapshot.workloads.of(cluster).pods
        for endpoint in (endpoint for endpoint_slice in slices for endpoint in endpoint_slice.endpoints):
            target = endpoint.target_ref
            if target is not None and target.kind == "Pod" and (target.namespace, target.name) not in pods:
                yield ENDPOINT_WITHOUT_POD(endpoint, pod=f"{target.namespace}/{target.name}")
