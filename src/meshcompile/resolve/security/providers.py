"""The services of extension providers. Follows istiod's `LookupCluster`."""

from msgspec import Struct

from meshcompile.snapshot.services import ServiceIndex
from meshcompile.values.names import outbound


class ProviderService(Struct, frozen=True):
    """A service that Envoy itself calls: its cluster and its host."""

    hostname: str
    cluster: str


def provider_service(services: ServiceIndex, service: str, port: int) -> ProviderService | None:
    """The service that a provider names as `host` or `namespace/host`.

    None when the host does not exist, or when the namespace is missing and several namespaces have the host.
    """
    namespace, slash, host = service.rpartition("/")
    by_namespace = services.by_hostname.get(host, {})
    named = [service for owner, service in by_namespace.items() if not slash or owner == namespace]
    return ProviderService(host, outbound(port, "", host)) if len(named) == 1 else None
