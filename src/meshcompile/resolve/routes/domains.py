"""The domains of a service's virtual host: all names and addresses that clients can use.

Follows istiod's `generateVirtualHostDomains`, `GenerateAltVirtualHosts` and `dedupeDomains`.
"""

from collections.abc import Iterator
from itertools import takewhile

from meshcompile.queries import derived
from meshcompile.resolve.endpoints.addresses import Addressing, service_addresses
from meshcompile.snapshot.service import UNSPECIFIED_ADDRESS, Registry, Service
from meshcompile.values.ip import is_ip

# What tells the names of Kubernetes Services from others: `catalog.shop` `.svc.` `cluster.local`.
KUBERNETES = ".svc."


@derived
def service_domains(
    service: Service, host: str, port: int | None, domain: str, client: Addressing
) -> tuple[tuple[str, ...], frozenset[str]]:
    """The domains of a service, known as `host`, for a client in a DNS domain, and the variants among them.

    Variants abbreviate or complete the name. With a port, each domain is also there with `:port`, for tables in which
    Envoy does not ignore ports.
    """
    domains: list[str] = []
    variants: list[str] = []
    for name in (host, *(alias for alias, _ in service.aliases)):
        other = tuple(_variants(name, port, domain))
        domains += [*_spelled(name, port), *other]
        variants += other
    if service.is_headless and service.registry is Registry.KUBERNETES:
        domains += [f"*.{each}" for each in domains]  # its pods have names of their own
    for address in service_addresses(service, client):
        if address and address != UNSPECIFIED_ADDRESS:
            domains += _spelled(address, port)
    return tuple(domains), frozenset(variants)


def host_with_port(host: str, port: int) -> str:
    """`host:port`, with brackets around an IPv6 address."""
    return f"{in_brackets(host)}:{port}"


def in_brackets(host: str) -> str:
    """The host as in URLs and Host headers, with brackets around an IPv6 address."""
    return f"[{host}]" if ":" in host else host


def _spelled(name: str, port: int | None) -> tuple[str, ...]:
    return (in_brackets(name),) if port is None else (in_brackets(name), host_with_port(name, port))


def _variants(name: str, port: int | None, proxy_domain: str) -> Iterator[str]:
    """The absolute form `name.`, then the short forms. An address has the absolute form only with a port."""
    absolute = f"{name}."
    if not is_ip(name):
        yield absolute
    if port is not None:
        yield host_with_port(absolute, port)
    for short in short_forms(name, proxy_domain):
        yield from _spelled(short, port)


def domain_of_no_namespace(domain: str) -> str | None:
    """The domain `.svc.cluster.local` of `shop.svc.cluster.local`: only names of its own namespace are shorter there.

    None for a domain that is not that of a namespace.
    """
    namespace, dots, cluster_domain = domain.partition(KUBERNETES)
    return dots + cluster_domain if namespace and dots else None


def namespace_of(domain: str) -> str:
    """The namespace of a DNS domain: `shop` of `shop.svc.cluster.local`."""
    return domain.partition(KUBERNETES)[0]


def namespaces_of(host: str, service: Service) -> frozenset[str]:
    """The namespaces in which the service, known as `host`, has a shorter name than elsewhere."""
    heads = (name.partition(KUBERNETES)[0] for name in (host, *(alias for alias, _ in service.aliases)))
    return frozenset(head.partition(".")[2] for head in heads)


def short_forms(name: str, proxy_domain: str) -> tuple[str, ...]:
    """Short forms of a host that a client in `proxy_domain` (`shop.svc.cluster.local`) can use."""
    if KUBERNETES in proxy_domain:
        return _kubernetes_short_forms(name, proxy_domain)
    return _without_shared_end(name, proxy_domain)


def _kubernetes_short_forms(name: str, proxy_domain: str) -> tuple[str, ...]:
    """`catalog`, `catalog.shop.svc` and `catalog.shop` in namespace `shop`; elsewhere the last two, swapped."""
    own_namespace, _, cluster_domain = proxy_domain.partition(KUBERNETES)
    suffix = KUBERNETES + cluster_domain if own_namespace else proxy_domain
    head, svc, _ = name.partition(KUBERNETES)
    service, dot, namespace = head.partition(".")
    if not name.endswith(suffix) or not (head and svc and dot):
        return ()
    if namespace and namespace == own_namespace:
        return (service, f"{head}.svc", head)
    return (head, f"{head}.svc")


def _without_shared_end(name: str, proxy_domain: str) -> tuple[str, ...]:
    """The name without the parts at its end that it shares with the proxy's domain."""
    labels = name.split(".")
    pairs = zip(reversed(labels), reversed(proxy_domain.split(".")), strict=False)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    if not shared:
        return ()
    unique = labels[: len(labels) - shared]
    short = ".".join(unique)
    if len(unique) == 2:  # the namespace is in it already
        return (short, f"{short}.{labels[-shared]}")
    return (short,)
