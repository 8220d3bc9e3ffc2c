"""Registries that the mesh networks name. Follows istioctl's `MeshNetworksAnalyzer`."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.installation import UNKNOWN_REGISTRY
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.kubernetes.secret import Secret
from meshcompile.snapshot.resources import CONFIG_CLUSTER

MULTICLUSTER = "istio/multiCluster"
BUILT_IN = frozenset({CONFIG_CLUSTER, "Mock", "External"})


def unknown_registries(context: Context) -> Iterator[Diagnostic]:
    """A finding for each registry of a network that is no cluster."""
    clusters = {
        name
        for secret in context.written.all(Secret)
        if secret.metadata.labels.get(MULTICLUSTER) == "true"
        for name in secret.data
    }
    known = BUILT_IN | clusters | context.snapshot.workloads.clusters.keys()
    for network, settings in context.snapshot.networks.networks.items():
        for endpoints in settings.endpoints:
            if endpoints.from_registry is not None and endpoints.from_registry not in known:
                yield UNKNOWN_REGISTRY(
                    endpoints,
                    registry=endpoints.from_registry,
                    network=network,
                    kind="MeshNetworks",
                    namespace=context.snapshot.mesh.root_namespace,
                    name="meshnetworks",
                )
