"""Who may see what: the namespaces that `exportTo` names."""

from collections.abc import Iterable

# Every namespace; the resource's own; none.
EVERYWHERE = "*"
OWN_NAMESPACE = "."
NOBODY = "~"


def exported_to(export_to: Iterable[str], namespace: str) -> frozenset[str]:
    """The namespaces that a resource of `namespace` is exported to, with `.` replaced; `*` stands for every one."""
    return frozenset(namespace if name == OWN_NAMESPACE else name for name in export_to)
