"""Findings about services that do not use the waypoint that they ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meshcompile.codes.proxies import WAYPOINT_NOT_USED
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.snapshot.ambient.attachment import USE_WAYPOINT, RefusedAttachment
from meshcompile.snapshot.ambient.index import AmbientIndex
from meshcompile.snapshot.ambient.services import AmbientService

PROBLEMS: Mapping[RefusedAttachment, str] = {
    RefusedAttachment.NOT_READY: "there is no such Gateway with an address",
    RefusedAttachment.DENIED: "its listener does not allow this namespace",
    RefusedAttachment.OTHER_NAMESPACE: "only its own namespace sees it, by `serviceEntryVisibility`",
    RefusedAttachment.TRAFFIC_TYPE: "`istio.io/waypoint-for` says that it is not for services",
}


def waypoint_findings(index: AmbientIndex) -> Iterator[Diagnostic]:
    """The services that ask for a waypoint and do not get it."""
    for found in index.services.values():
        name, refused = found.attachment.name, found.attachment.refused
        if name is not None and refused is not None and _is_mistake(found, refused):
            yield WAYPOINT_NOT_USED(
                _place(found),
                host=found.service.hostname,
                waypoint="/".join(name),
                code=refused,
                problem=PROBLEMS[refused],
            )


def _place(found: AmbientService) -> Origin:
    """The label of a service that names the waypoint; the service if it has that of its namespace."""
    origin = found.service.origin
    own = USE_WAYPOINT in found.service.labels
    return Origin(origin.document, ("metadata", "labels", USE_WAYPOINT)) if own else origin


def _is_mistake(found: AmbientService, refused: RefusedAttachment) -> bool:
    """False for a service of a namespace whose waypoint is for workloads alone."""
    return refused is not RefusedAttachment.TRAFFIC_TYPE or USE_WAYPOINT in found.service.labels
