"""The authorities of requests that come to a virtual host."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache, reduce
from operator import or_

from meshcompile.envoy.config.route import RouteConfiguration, VirtualHost
from meshcompile.simulate.http_syntax import AUTHORITY
from meshcompile.spaces import NOTHING, Language, exactly, matching
from meshcompile.syntax.re2 import quoted

AUTHORITIES = matching(AUTHORITY.pattern) - exactly("")
"""Every authority that a request can have, with or without a port."""
PORT = r":[^:\]]*"
"""What Envoy takes for a port: all behind the last colon."""
HAVE_PORT = matching(f".*{PORT}")


def rank(domain: str) -> tuple[int, int]:
    """The order in which Envoy asks domains: exact ones, the longest suffix, the longest prefix, all."""
    if domain == "*":
        return 3, 0
    return (1 if domain.startswith("*") else 2 if domain.endswith("*") else 0), -len(domain)


def has_wildcard(host: VirtualHost) -> bool:
    """Whether a domain of a virtual host takes several hosts."""
    return "*" in "".join(host.domains) and any("*" in (domain[:1], domain[-1:]) for domain in host.domains)


def takes(domain: str, host: str) -> bool:
    """Whether a domain takes a host in small letters. A `*` stands for at least one character."""
    if domain.startswith("*"):
        return len(host) >= len(domain) and host.endswith(domain[1:])
    if domain.endswith("*"):
        return len(host) >= len(domain) and host.startswith(domain[:-1])
    return domain == host


def authorities_of(host: VirtualHost, table: RouteConfiguration) -> Language:
    """The authorities of the requests that come to a virtual host of a table."""
    own = [domain.lower() for domain in host.domains]
    others = [domain.lower() for other in table.virtual_hosts if other is not host for domain in other.domains]
    return _union(taken_by(domain, others, ports=table.ignore_port_in_host_matching) for domain in own)


def taken_by(domain: str, others: Sequence[str], *, ports: bool) -> Language:
    """The authorities that a domain takes, and no more specific one.

    Args:
        domain: The domain, in small letters.
        others: The domains of other virtual hosts.
        ports: Whether a port in the authority is ignored.
    """
    before = (other for other in others if rank(other) < rank(domain) and _overlap(domain, other))
    return _language(domain, ports) - _union(_language(other, ports) for other in before)


def _overlap(domain: str, other: str) -> bool:
    """Whether a more specific domain can take hosts of this one."""
    return "*" in (other[:1], other[-1:]) or takes(domain, other)


def _union(languages: Iterable[Language]) -> Language:
    return reduce(or_, languages, NOTHING)


@lru_cache(maxsize=1024)
def _language(domain: str, ports: bool) -> Language:
    if domain == "*":
        return AUTHORITIES
    plain = quoted(domain.strip("*"))
    if domain.endswith("*"):
        taken = matching(f"(?i){plain}.+")
        return (taken - matching(f"(?i){plain}{PORT}") if ports else taken) & AUTHORITIES
    more = ".+" if domain.startswith("*") else ""
    if not ports:
        return matching(f"(?i){more}{plain}") & AUTHORITIES
    with_port, without = matching(f"(?i){more}{plain}{PORT}"), matching(f"(?i){more}{plain}") - HAVE_PORT
    return (with_port | without) & AUTHORITIES


def has_port(domain: str) -> bool:
    """Whether a domain ends with a port."""
    return re.search(f"{PORT}$", domain) is not None
