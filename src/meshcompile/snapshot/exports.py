"""Visibility: the namespaces of `exportTo`."""

from collections.abc import Iterable

# Every namespace, the resource's own namespace, and no namespace.
EVERYWHERE = "*"
OWN_NAMESPACE = "."
NOBODY = "~"


def exported_to(export_to: Iterable[str], namespace: str) -> frozenset[str]:
    """The namespaces that a resource of `namespace` is exported to. `.` is replaced; `*` means all namespaces."""
    return frozenset(namespace if name == OWN_NAMESPACE else name for name in export_to)


def is_visible(export_to: frozenset[str], namespaces: Iterable[str]) -> bool:
    """True if one of the namespaces sees a resource with these exports."""
    if NOBODY in export_to:
        return False
    return EVERYWHERE in export_to or not export_to.isdisjoint(namespaces)
