"""The Telemetries that apply to a proxy. Follows istiod's `applicableTelemetries`."""

from meshcompile.models.telemetry.telemetry import Telemetry
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.resolve.security.policy_attachment import attaches
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.snapshot import Snapshot


def applicable_telemetries(snapshot: Snapshot, proxy: Proxy, service: Service | None = None) -> tuple[Telemetry, ...]:
    """The Telemetries from the widest to the narrowest: mesh, namespace, workload. Later ones win.

    For a `service` behind a waypoint, the Telemetries of the service's namespace apply. Some releases look only at the
    waypoint's namespace.
    """
    index, follows_service = snapshot.telemetry, snapshot.behaviour.telemetry_of_services
    namespace = proxy.namespace
    namespaces = [index.root_namespace, namespace]
    if service is not None and proxy.type is ProxyType.WAYPOINT and follows_service:
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
