"""The virtual host of a request (`RouteMatcher::findVirtualHost`)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from meshcompile.envoy.config.route import RouteConfiguration, VirtualHost


@dataclass(frozen=True, slots=True)
class DomainIndex:
    """The domains of a route table. Each maps to the index of its virtual host.

    The order is: the exact name, the longest `*suffix`, the longest `prefix*`, `*`. A `*` stands for at least one
    character. Only one virtual host is tried.
    """

    exact: Mapping[str, int]
    suffixes: Mapping[int, Mapping[str, int]]  # by length, the longest first
    prefixes: Mapping[int, Mapping[str, int]]
    default: int | None
    ignores_port: bool

    def find(self, authority: str) -> int | None:
        """The index of the virtual host for a `:authority`; None if there is none.

        Without an authority, only a table in which `*` is the only domain has one.
        """
        if not authority and (self.exact or self.suffixes or self.prefixes):
            return None
        host = (without_port(authority) if self.ignores_port else authority).lower()
        if (exact := self.exact.get(host)) is not None:
            return exact
        for length, suffixes in self.suffixes.items():
            if length < len(host) and (found := suffixes.get(host[-length:])) is not None:
                return found
        for length, prefixes in self.prefixes.items():
            if length < len(host) and (found := prefixes.get(host[:length])) is not None:
                return found
        return self.default


def near_domains(hosts: Sequence[VirtualHost], authority: str, most: int = 3) -> Iterator[tuple[int, int, str]]:
    """The domains that look most like a `:authority`: the index of the virtual host, of the domain, and the domain.

    It compares with all domains, so it takes some milliseconds for a large table.
    """
    places = {domain.lower(): (at, i, domain) for at, h in enumerate(hosts) for i, domain in enumerate(h.domains)}
    names = (authority.lower(), without_port(authority).lower())
    close = (found for name in names for found in get_close_matches(name, places, most, cutoff=0.7))
    return (places[domain] for domain in list(dict.fromkeys(close))[:most])


def domain_index(configuration: RouteConfiguration) -> DomainIndex:
    """The domains of a route table, for many requests."""
    domains = list(_domains(configuration.virtual_hosts))
    exact = {domain: index for domain, index in reversed(domains) if "*" not in (domain[:1], domain[-1:])}
    wild = [(domain, index) for domain, index in reversed(domains) if domain != "*"]
    suffixes = {domain[1:]: index for domain, index in wild if domain.startswith("*")}
    prefixes = {domain[:-1]: index for domain, index in wild if domain.endswith("*") and not domain.startswith("*")}
    default = next((index for domain, index in domains if domain == "*"), None)
    return DomainIndex(
        exact, _by_length(suffixes), _by_length(prefixes), default, configuration.ignore_port_in_host_matching
    )


def _domains(hosts: Sequence[VirtualHost]) -> Iterator[tuple[str, int]]:
    return ((domain.lower(), index) for index, host in enumerate(hosts) for domain in host.domains)


def _by_length(texts: Mapping[str, int]) -> Mapping[int, Mapping[str, int]]:
    lengths = sorted({len(text) for text in texts}, reverse=True)
    return {length: {text: index for text, index in texts.items() if len(text) == length} for length in lengths}


def without_port(authority: str) -> str:
    """The host: what stands before the last `:` outside of brackets, even if no number follows."""
    at = authority.rfind(":")
    return authority if at < 0 or authority.rfind("]") > at else authority[:at]
