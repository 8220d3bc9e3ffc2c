"""The Telemetries that hold for a proxy. Follows istiod's `applicableTelemetries`."""

from meshcompile.models.telemetry.telemetry import Telemetry
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.resolve.policy_attachment import attaches
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.telemetry import TelemetryIndex


def applicable_telemetries(
    index: TelemetryIndex, proxy: Proxy, service: Service | None = None
) -> tuple[Telemetry, ...]:
    """From the widest to the narrowest, the later ones going before: the mesh's, the namespace's, the attached ones.

    For a `service` that a waypoint stands before, those of the service's namespace count.
    """
    namespace = proxy.namespace
    namespaces = [index.root_namespace, namespace]
    if service is not None and proxy.type is ProxyType.WAYPOINT:
        namespace = service.namespace
        namespaces.append(namespace)
    wide = (index.wide.get(name) for name in dict.fromkeys(namespaces))
    services = () if service is None else (service,)
    attached = (
        telemetry
        for telemetry in index.attached.get(namespace, ())
        if attaches(telemetry.spec, telemetry.namespace, proxy, index.root_namespace, services)
    )
    return (*(telemetry for telemetry in wide if telemetry is not None), *attached)
