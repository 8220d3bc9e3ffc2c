"""Visibility: the namespaces of `exportTo`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from meshcompile.behaviour import Behaviour

if TYPE_CHECKING:  # validation of one object reads no mesh config
    from meshcompile.models.mesh.mesh_config import MeshConfig

# Every namespace, the resource's own namespace, and no namespace.
EVERYWHERE = "*"
OWN_NAMESPACE = "."
NOBODY = "~"
EVERYBODY = frozenset({EVERYWHERE})


def exported_to(export_to: Iterable[str], namespace: str) -> frozenset[str]:
    """The namespaces that a resource of `namespace` is exported to. `.` is replaced; `*` means all namespaces."""
    return visibility(namespace if name == OWN_NAMESPACE else name for name in export_to)


def visibility(namespaces: Iterable[str]) -> frozenset[str]:
    """The set of these namespaces. The most frequent set is shared, because a set is as large as a service."""
    found = frozenset(namespaces)
    return EVERYBODY if found == EVERYBODY else found


def is_visible(export_to: frozenset[str], namespaces: Iterable[str]) -> bool:
    """True if one of the namespaces sees a resource with these exports."""
    if NOBODY in export_to:
        return False
    return EVERYWHERE in export_to or not export_to.isdisjoint(namespaces)


def with_default_exports(mesh: MeshConfig, behaviour: Behaviour) -> MeshConfig:
    """The mesh config with the default exports of services and VirtualServices that the release reads."""
    if behaviour.default_export_lists:
        return mesh
    return mesh.model_copy(
        update={
            "default_service_export_to": _single(mesh.default_service_export_to),
            "default_virtual_service_export_to": _single(mesh.default_virtual_service_export_to),
        }
    )


def _single(export_to: tuple[str, ...]) -> tuple[str, ...]:
    """The own namespace, or every namespace. Other namespaces do not count: without either, nobody sees the object."""
    known = next((name for name in (OWN_NAMESPACE, EVERYWHERE) if name in export_to), NOBODY)
    return (known,) if export_to else ()
