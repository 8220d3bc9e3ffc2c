"""Hosts: exact (`catalog.shop.svc.cluster.local`) or wildcard (`*.shop.com`, `*`), and their algebra.

Hosts are plain strings. A wildcard is a host that starts with `*`. Follows istiod's `pkg/config/host`.
"""

from collections.abc import Iterator

# The DNS domain of Kubernetes clusters.
CLUSTER_DOMAIN = "cluster.local"
# What the address of a Unix domain socket begins with, where others have a host.
UNIX_PREFIX = "unix://"


def is_wildcard(host: str) -> bool:
    """True for `*` and `*.shop.com`."""
    return host.startswith("*")


def subset_of(host: str, of: str) -> bool:
    """True when every name that `host` stands for is one that `of` stands for too.

    `a.shop.com` and `*.eu.shop.com` are subsets of `*.shop.com`; a wildcard is never a subset of an exact host.
    """
    if not is_wildcard(of):
        return host == of
    if is_wildcard(host):
        return len(host) >= len(of) and host.endswith(of[1:])
    return host.endswith(of[1:])


def overlaps(a: str, b: str) -> bool:
    """True when some name is matched by both, in whichever direction: istiod's `Name.Matches`, symmetric."""
    return subset_of(a, b) or subset_of(b, a)


def specificity(host: str) -> tuple[bool, int, str]:
    """Sort key, most specific first: exact before wildcard, longer before shorter, then by name."""
    return (is_wildcard(host), -len(host), host)


def covering(host: str) -> Iterator[str]:
    """The host itself and every wildcard that it is a subset of, most specific first.

    Looking each up takes as long as the host has letters, however many wildcards there are.
    """
    yield host
    suffix = host[1:] if is_wildcard(host) else host
    yield from ("*" + suffix[start:] for start in range(len(suffix) + 1))


def qualified(host: str, namespace: str, domain: str = CLUSTER_DOMAIN) -> str:
    """The FQDN that a host in a rule of `namespace` means: a name without a dot is a Service of that namespace.

    Any dot means "already qualified", so `catalog.shop` stays as it is, and so do `*`, "" and IP addresses
    (istiod's `ResolveShortnameToFQDN`).
    """
    if not host or host == "*" or "." in host or ":" in host:
        return host
    return f"{host}.{namespace}.svc.{domain}" if namespace else f"{host}.svc.{domain}"
