"""Hosts whose endpoints only clients of the same cluster can reach. Follows istiod's `model.ClusterLocalProvider`."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.values.hosts import CLUSTER_DOMAIN, is_wildcard, specificity, subset_of


class ClusterLocalHosts(Struct, frozen=True):
    """Exact hosts, and wildcards with the most specific first. The value is whether the host is local to its
    cluster.
    """

    exact: Mapping[str, bool]
    wildcards: tuple[tuple[str, bool], ...]

    def __contains__(self, hostname: str) -> bool:
        if hostname in self.exact:
            return self.exact[hostname]
        return next((local for wildcard, local in self.wildcards if subset_of(hostname, wildcard)), False)


def cluster_local_hosts(mesh: MeshConfig) -> ClusterLocalHosts:
    """The hosts from the mesh's settings, and the hosts that are local by default."""
    written: dict[str, bool] = {}
    for service in mesh.service_settings:
        local = service.settings is not None and service.settings.cluster_local
        written.update(dict.fromkeys(service.hosts, local))
    shared = tuple(host for host, local in written.items() if not local)
    defaults = {host: True for host in _defaults(mesh) if not any(_overrides(s, host) for s in shared)}
    settings = {**written, **defaults}
    return ClusterLocalHosts(
        exact={host: local for host, local in settings.items() if not is_wildcard(host)},
        wildcards=tuple((host, settings[host]) for host in sorted(settings, key=specificity) if is_wildcard(host)),
    )


def _defaults(mesh: MeshConfig) -> Iterator[str]:
    yield f"*.kube-system.svc.{CLUSTER_DOMAIN}"
    yield f"kubernetes.default.svc.{CLUSTER_DOMAIN}"
    address = mesh.default_config.discovery_address if mesh.default_config is not None else ""
    istiod = address.rpartition(":")[0] or address
    yield istiod if istiod.endswith(CLUSTER_DOMAIN) else f"{istiod}.{CLUSTER_DOMAIN}"


def _overrides(written: str, default: str) -> bool:
    return written == default or (is_wildcard(default) and written.endswith(default[1:]))
