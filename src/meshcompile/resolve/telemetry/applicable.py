"""The Telemetries that hold for a proxy. Follows istiod's `applicableTelemetries`."""

from meshcompile.models.telemetry.telemetry import Telemetry
from meshcompile.proxy import ProxyType
from meshcompile.resolve.policy_attachment import attaches
from meshcompile.resolve.view import View
from meshcompile.snapshot.service import Service


def applicable_telemetries(view: View, service: Service | None = None) -> tuple[Telemetry, ...]:
    """From the widest to the narrowest, the later ones going before: the mesh's, the namespace's, the attached ones.

    For a `service` that a waypoint stands before, those of the service's namespace count.
    """
    index, namespace = view.snapshot.telemetry, view.proxy.namespace
    namespaces = [index.root_namespace, namespace]
    if service is not None and view.proxy.type is ProxyType.WAYPOINT:
        namespace = service.namespace
        namespaces.append(namespace)
    wide = (index.wide.get(name) for name in dict.fromkeys(namespaces))
    services = () if service is None else (service,)
    attached = (
        telemetry
        for telemetry in index.attached.get(namespace, ())
        if attaches(telemetry.spec, telemetry.namespace, view.proxy, index.root_namespace, services)
    )
    return (*(telemetry for telemetry in wide if telemetry is not None), *attached)
