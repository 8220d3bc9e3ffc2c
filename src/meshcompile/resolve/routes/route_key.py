"""The proxy traits that the routes of sidecars depend on."""

from functools import cached_property

from msgspec.structs import replace

from meshcompile.models.mesh.proxy_config import ProxyConfig
from meshcompile.proxy import Proxy
from meshcompile.queries import Key, query
from meshcompile.resolve.endpoints.addresses import Addressing, addressing
from meshcompile.resolve.routes.domains import domain_of_no_namespace
from meshcompile.resolve.routes.proxy_headers import appends_forwarded_host, counts_attempts
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.labels import Labels


class RouteKey(Key, frozen=True, dict=True):
    """The traits of a proxy that its routes depend on. Sidecars with one scope and equal traits have the same routes.

    `domain` is the DNS domain of the proxy, in which short names resolve. `pairs` are the labels that some rule reads.
    """

    domain: str
    addressing: Addressing
    attempt_count: bool
    append_x_forwarded_host: bool
    pairs: tuple[tuple[str, str], ...]

    @cached_property
    def labels(self) -> Labels:
        return dict(self.pairs)

    @cached_property
    def of_no_namespace(self) -> "RouteKey | None":
        """The same client outside of all namespaces; None if its DNS domain is not that of a namespace."""
        domain = domain_of_no_namespace(self.domain)
        return None if domain is None else replace(self, domain=domain)


def route_key(snapshot: Snapshot, proxy: Proxy, config: ProxyConfig) -> RouteKey:
    """The traits of a proxy."""
    return RouteKey(
        domain=proxy.domain,
        addressing=addressing(proxy, ambient=snapshot.ambient, by_family=snapshot.behaviour.address_families),
        attempt_count=counts_attempts(config),
        append_x_forwarded_host=appends_forwarded_host(config),
        pairs=read_labels(snapshot, proxy),
    )


def read_labels(snapshot: Snapshot, proxy: Proxy) -> tuple[tuple[str, str], ...]:
    """The labels of a proxy that some rule reads, sorted."""
    keys = _label_keys(snapshot, None)
    return tuple(sorted((key, value) for key, value in proxy.labels.items() if key in keys))


@query
def _label_keys(snapshot: Snapshot, key: None) -> frozenset[str]:
    """The labels that some rule reads. Most edits of rules leave them as they are."""
    return snapshot.virtual_services.label_keys | snapshot.destination_rules.label_keys
