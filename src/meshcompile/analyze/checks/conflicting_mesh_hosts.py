"""VirtualServices of sidecars with the same host. Follows istioctl's `ConflictingMeshGatewayHostsAnalyzer`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from meshcompile.analyze.context import Context
from meshcompile.analyze.places import named
from meshcompile.codes.references import CONFLICTING_HOSTS
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.virtual_service import MESH_GATEWAY, VirtualService
from meshcompile.snapshot.exports import EVERYWHERE, exported_to
from meshcompile.values.hosts import qualified

Audience = tuple[str, str]  # namespace of clients, or `*`, and host


def conflicting_mesh_hosts(context: Context) -> Iterator[Diagnostic]:
    """A finding for each VirtualService that shares a host with another, for clients that see both."""
    audiences = _by_audience(context)
    reported: set[str] = set()
    for (clients, host), own in audiences.items():
        public = [] if clients == EVERYWHERE else audiences.get((EVERYWHERE, host), [])
        # in sidecars' order of precedence
        rivals = [*own, *(service for service in public if service not in own)]
        if len(rivals) > 1:
            for virtual_service in rivals:
                if virtual_service.full_name not in reported:
                    reported.add(virtual_service.full_name)
                    yield _conflict(context, virtual_service, rivals, host)


def _by_audience(context: Context) -> Mapping[Audience, list[VirtualService]]:
    """The VirtualServices of sidecars, by the namespaces that see them and by host. Those with few clients come
    before public ones.
    """
    everywhere = context.snapshot.mesh.default_virtual_service_export_to or (EVERYWHERE,)
    by_audience: dict[Audience, list[VirtualService]] = defaultdict(list)
    for virtual_service in context.written.all(VirtualService):
        spec, namespace = virtual_service.spec, virtual_service.namespace
        if spec.gateways and MESH_GATEWAY not in spec.gateways:
            continue
        audience = exported_to(spec.export_to or everywhere, namespace)
        for clients in (EVERYWHERE,) if EVERYWHERE in audience else sorted(audience):
            for host in spec.hosts:
                by_audience[clients, qualified(host, namespace)].append(virtual_service)
    return dict(sorted(by_audience.items(), key=lambda item: item[0][0] == EVERYWHERE))


def _conflict(context: Context, virtual_service: VirtualService, rivals: list[VirtualService], host: str) -> Diagnostic:
    others = tuple(each for each in rivals if each is not virtual_service)
    spec, namespace = virtual_service.spec, virtual_service.namespace
    index = next(index for index, written in enumerate(spec.hosts) if qualified(written, namespace) == host)
    return CONFLICTING_HOSTS(
        spec.at("hosts", index),
        reported=named(virtual_service),
        names=", ".join(sorted({each.full_name for each in rivals})),
        host=host,
        effect=_effect(context, virtual_service, rivals),
        related=tuple(Related("it has the same host", each.origin) for each in others),
    )


def _effect(context: Context, virtual_service: VirtualService, rivals: list[VirtualService]) -> str:
    """Which rules sidecars use: those of the first VirtualService that Istio accepts."""
    first = next((each for each in rivals if not context.rejects(each)), None)
    if first is None:
        return "Istio rejects all of them, so none of their rules are used"
    unused = "those of the others" if virtual_service is first else "these"
    return f"the rules of {first.full_name} are used, {unused} are not"
