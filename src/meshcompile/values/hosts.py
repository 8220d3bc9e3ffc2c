"""Hosts: exact (`catalog.shop.svc.cluster.local`) or wildcard (`*.shop.com`, `*`), and their algebra.

Hosts are plain strings. A wildcard is a host that starts with `*`. Follows istiod's `pkg/config/host`.
"""

from collections.abc import Iterator

# The DNS domain of Kubernetes clusters.
CLUSTER_DOMAIN = "cluster.local"
# The prefix of the address of a Unix domain socket, in place of a host.
UNIX_PREFIX = "unix://"


def is_wildcard(host: str) -> bool:
    """True for `*` and `*.shop.com`."""
    return host.startswith("*")


def subset_of(host: str, of: str) -> bool:
    """True if `of` covers all names that `host` covers.

    `a.shop.com` and `*.eu.shop.com` are subsets of `*.shop.com`. A wildcard is never a subset of an exact host.
    """
    if not is_wildcard(of):
        return host == of
    if is_wildcard(host):
        return len(host) >= len(of) and host.endswith(of[1:])
    return host.endswith(of[1:])


def overlaps(a: str, b: str) -> bool:
    """True if both cover a common name: istiod's `Name.Matches`, which is symmetric."""
    return subset_of(a, b) or subset_of(b, a)


def specificity(host: str) -> tuple[bool, int, str]:
    """Sort key, most specific first: exact before wildcard, longer before shorter, then by name."""
    return (is_wildcard(host), -len(host), host)


def covering(host: str) -> Iterator[str]:
    """The host itself and every wildcard that covers it, most specific first.

    The number of results depends only on the length of the host, and not on the number of wildcards.
    """
    yield host
    suffix = host[1:] if is_wildcard(host) else host
    yield from ("*" + suffix[start:] for start in range(len(suffix) + 1))


def qualified(host: str, namespace: str, domain: str = CLUSTER_DOMAIN) -> str:
    """The FQDN of a host in a rule of `namespace`. A name without a dot is a Service of that namespace.

    A host with a dot counts as fully qualified, so `catalog.shop` stays unchanged, and so do `*`, "" and IP addresses
    (istiod's `ResolveShortnameToFQDN`).
    """
    if not host or host == "*" or "." in host or ":" in host:
        return host
    return f"{host}.{namespace}.svc.{domain}" if namespace else f"{host}.svc.{domain}"
