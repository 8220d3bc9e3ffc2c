"""The service ports that a proxy's own workload serves."""

from dataclasses import dataclass

from meshcompile.proxy import Proxy
from meshcompile.snapshot.service import Service, ServicePort
from meshcompile.snapshot.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class ServiceTarget:
    """One port of one service, and the port on which the workload serves it."""

    service: Service
    port: ServicePort
    target_port: int


def service_targets(snapshot: Snapshot, proxy: Proxy) -> tuple[ServiceTarget, ...]:
    """The targets of a proxy, oldest service first, then by host name."""
    return ()
