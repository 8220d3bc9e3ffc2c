"""The services behind extension providers. Follows istiod's `LookupCluster`."""

from dataclasses import dataclass

from meshcompile.names import outbound
from meshcompile.snapshot.services import ServiceIndex


@dataclass(frozen=True, slots=True)
class ProviderService:
    """A service that Envoy itself talks to: `cluster` to reach it, `hostname` to name it."""

    hostname: str
    cluster: str


def provider_service(services: ServiceIndex, service: str, port: int) -> ProviderService | None:
    """The service that a provider names as `host` or `namespace/host`.

    None when there is no such host, or when the namespace is missing and several have it.
    """
    namespace, slash, host = service.rpartition("/")
    found = services.by_hostname.get(host, {})
    named = [service for owner, service in found.items() if not slash or owner == namespace]
    return ProviderService(host, outbound(port, "", host)) if len(named) == 1 else None
