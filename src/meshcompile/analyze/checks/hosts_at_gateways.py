"""VirtualServices that a gateway does not route to because of their hosts or exports."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.gateway_routes import HIDDEN_FROM_GATEWAY, SHORT_HOST
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.gateway import Gateway
from meshcompile.models.networking.virtual_service import MESH_GATEWAY, VirtualService
from meshcompile.snapshot.exports import EVERYWHERE, exported_to, is_visible
from meshcompile.values.hosts import overlaps, qualified


def hosts_at_gateways(context: Context) -> Iterator[Diagnostic]:
    """A finding for each host without a dot at gateways, and for each gateway that cannot see a VirtualService."""
    for virtual_service in context.resources.all(VirtualService):
        if not virtual_service.spec.hosts:
            continue
        gateways = context.gateways_of(virtual_service)
        if gateways and MESH_GATEWAY not in virtual_service.spec.gateways:
            yield from _short_hosts(virtual_service, gateways)
        yield from _hidden(context, virtual_service, gateways)


def _short_hosts(virtual_service: VirtualService, gateways: tuple[Gateway, ...]) -> Iterator[Diagnostic]:
    served = {host.rpartition("/")[2] for each in gateways for server in each.spec.servers for host in server.hosts}
    for index, host in enumerate(virtual_service.spec.hosts):
        full = qualified(host, virtual_service.namespace)
        if full != host and any(overlaps(full, name) for name in served):
            place = virtual_service.spec.at("hosts", index)
            yield SHORT_HOST(place, host=host, full=full, suggestion="write the name that clients send, or `*`")


def _hidden(context: Context, virtual_service: VirtualService, gateways: tuple[Gateway, ...]) -> Iterator[Diagnostic]:
    spec = virtual_service.spec
    everywhere = context.snapshot.mesh.default_virtual_service_export_to or (EVERYWHERE,)
    audience = exported_to(spec.export_to or everywhere, virtual_service.namespace)
    if EVERYWHERE in audience:
        return
    for gateway in gateways:
        namespaces = context.namespaces_of(gateway)
        if namespaces and not is_visible(audience, namespaces):
            yield HIDDEN_FROM_GATEWAY(
                spec.at("export_to", 0) if spec.export_to else spec.at("gateways"),
                gateway=gateway.full_name,
                namespaces=" and ".join(sorted(namespaces)),
                hosts=", ".join(spec.hosts[:3]),
                suggestion=f"export it to `{min(namespaces)}`",
                related=(Related("the Gateway", gateway.origin),),
            )
            return
