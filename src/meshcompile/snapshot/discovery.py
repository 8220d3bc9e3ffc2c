"""The namespaces that istiod watches. Follows istiod's `namespace.discoveryNamespacesFilter`."""

from collections.abc import Iterable

from meshcompile.models.kubernetes.base import LabelSelector, LabelSelectorRequirement
from meshcompile.models.kubernetes.namespace import Namespace
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.snapshot.resources import ConfigStore
from meshcompile.values.labels import Labels


def discovered(resources: ConfigStore, mesh: MeshConfig) -> ConfigStore:
    """The resources of namespaces that one of the mesh's selectors matches, and cluster-scoped resources.

    Each cluster uses its own Namespace objects. Without selectors, all resources are included.
    """
    watched = watched_namespaces(resources.all(Namespace), mesh)
    if watched is None:
        return resources
    return ConfigStore(
        {
            kind: tuple(resource for resource in group if not resource.namespace or resource.namespace in watched)
            for kind, group in resources.by_kind.items()
        },
        {name: discovered(cluster, mesh) for name, cluster in resources.clusters.items()},
    )


def watched_namespaces(namespaces: Iterable[Namespace], mesh: MeshConfig) -> frozenset[str] | None:
    """The namespaces that one of the mesh's selectors matches; None without selectors, which means all namespaces."""
    if not mesh.discovery_selectors:
        return None
    return frozenset(
        namespace.name
        for namespace in namespaces
        if any(is_selected(selector, namespace.metadata.labels) for selector in mesh.discovery_selectors)
    )


def is_selected(selector: LabelSelector, labels: Labels) -> bool:
    """True if labels meet all requirements of a selector."""
    return all(labels.get(key) == value for key, value in selector.match_labels.items()) and all(
        _meets(requirement, labels) for requirement in selector.match_expressions
    )


def _meets(requirement: LabelSelectorRequirement, labels: Labels) -> bool:
    value = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return value in requirement.values
        case "NotIn":
            return value not in requirement.values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case _:
            return False
