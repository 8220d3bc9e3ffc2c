"""The cluster of an extension provider's service. Follows istiod's `model.LookupCluster`."""

from dataclasses import dataclass

from meshcompile.names import outbound
from meshcompile.snapshot.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class ProviderCluster:
    """A service of the mesh that the proxy itself calls."""

    hostname: str
    cluster: str


def provider_cluster(snapshot: Snapshot, service: str, port: int) -> ProviderCluster | str:
    """The cluster of `host` or `namespace/host`, whoever may see it; what is wrong when there is none.

    A host without a namespace has to be one of one namespace only.
    """
    if not service:
        return "names no service"
    namespace, slash, host = service.partition("/")
    if slash and "/" not in host:
        found = {namespace} & snapshot.services.by_hostname.get(host, {}).keys()
    else:
        host, found = service, set(snapshot.services.by_hostname.get(service, {}))
    if len(found) > 1:
        return f"has a service, {service}, that is in several namespaces: {', '.join(sorted(found))}"
    return ProviderCluster(host, outbound(port, "", host)) if found else f"has an unknown service, {service}"
