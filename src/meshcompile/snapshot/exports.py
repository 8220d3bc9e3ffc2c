"""Who may see what: the namespaces that `exportTo` names."""

from collections.abc import Iterable

# Every namespace; the resource's own; none.
EVERYWHERE = "*"
OWN_NAMESPACE = "."
NOBODY = "~"


def exported_to(export_to: Iterable[str], namespace: str) -> frozenset[str]:
    """The namespaces that a resource of `namespace` is exported to, with `.` replaced; `*` stands for every one."""
    return frozenset(namespace if name == OWN_NAMESPACE else name for name in export_to)


def is_visible(export_to: frozenset[str], namespaces: Iterable[str]) -> bool:
    """True when one of the namespaces sees what is exported to these."""
    if NOBODY in export_to:
        return False
    return EVERYWHERE in export_to or not export_to.isdisjoint(namespaces)
