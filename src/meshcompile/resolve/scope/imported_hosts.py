"""The hosts that an egress listener of a Sidecar imports. Follows istiod's `model.hostClassification`."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from meshcompile.values.hosts import is_wildcard, overlaps, subset_of

# In the namespace part of an imported host: the Sidecar's own namespace.
OWN_NAMESPACE = "."


class ImportedHosts(Struct, frozen=True):
    """The hosts that an egress listener imports from one namespace."""

    exact: frozenset[str]
    wildcards: tuple[str, ...]
    everything: bool

    def match_service(self, host: str) -> bool:
        """True when the imports cover the whole host of a service."""
        if self.everything or host in self.exact:
            return True
        return any(subset_of(host, wildcard) for wildcard in self.wildcards)

    def match_route(self, host: str, *, as_service: bool) -> bool:
        """True when the host of a VirtualService overlaps the imports, in either direction.

        Routes of the Gateway API match as services do: the imports cover the whole host.
        """
        if as_service:
            return self.match_service(host)
        if self.everything or host in self.exact:
            return True
        if is_wildcard(host) and any(subset_of(exact, host) for exact in self.exact):
            return True
        return any(overlaps(host, wildcard) for wildcard in self.wildcards)


def imported_hosts(hosts: Iterable[str], namespace: str) -> Mapping[str, ImportedHosts]:
    """The imported hosts by namespace, with the Sidecar's namespace in place of `.`."""
    names: dict[str, list[str]] = {}
    for host in hosts:
        of, separator, name = host.partition("/")
        if separator and "/" not in name:
            names.setdefault(namespace if of == OWN_NAMESPACE else of, []).append(name)
    return {
        of: ImportedHosts(
            exact=frozenset(name for name in group if not is_wildcard(name)),
            wildcards=tuple(name for name in group if is_wildcard(name)),
            everything="*" in group,
        )
        for of, group in names.items()
    }
