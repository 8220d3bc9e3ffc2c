"""Findings about a mesh that do not depend on the proxy, without building the rest of the snapshot."""

from meshcompile.diagnostics import Diagnostic
from meshcompile.models.networking.virtual_service import VirtualService
from meshcompile.settings import MeshSettings
from meshcompile.snapshot.dead_rules import dead_rules
from meshcompile.snapshot.resources import ConfigStore
from meshcompile.snapshot.virtual_services import Semantics, VirtualServiceIndex, index_of


def findings(resources: ConfigStore, settings: MeshSettings) -> tuple[Diagnostic, ...]:
    """Findings about the accepted objects of a mesh.

    The mesh config is imported only if the input has one, or if Ingresses need it, because the import is slow.
    """
    if settings.mesh_layers or "Ingress" in resources.by_kind:
        return findings_of_routes(_routes(resources, settings))
    return findings_of_routes(index_of(resources.all(VirtualService)))


def findings_of_routes(routes: VirtualServiceIndex) -> tuple[Diagnostic, ...]:
    """Findings about VirtualServices that are already merged. What comes from the Gateway API has its own."""
    written = (each for each in routes.all if each.semantics is not Semantics.GATEWAY)
    return (*routes.findings, *(finding for each in written for finding in dead_rules(each)))


def _routes(resources: ConfigStore, settings: MeshSettings) -> VirtualServiceIndex:
    """The index of VirtualServices that the snapshot would have."""
    from meshcompile.snapshot.discovery import discovered
    from meshcompile.snapshot.gateway_api.converted import NOTHING
    from meshcompile.snapshot.ingress import from_ingresses
    from meshcompile.snapshot.virtual_services import virtual_service_index

    looked_at = discovered(resources, settings.mesh)
    return virtual_service_index(looked_at, settings.mesh, from_ingresses(looked_at, settings.mesh), NOTHING)
