"""The hosts that an egress listener of a Sidecar imports and excludes. Follows istiod's `model.hostClassification`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from meshcompile.values.hosts import is_wildcard, overlaps, subset_of

# In the namespace part of an imported host: the Sidecar's own namespace.
OWN_NAMESPACE = "."
# All namespaces.
ANY_NAMESPACE = "*"
# In front of a namespace: its hosts are excluded. Alone, it stands for all namespaces.
EXCLUDED = "~"


class ImportedHosts(Struct, frozen=True):
    """The hosts that an egress listener imports from one namespace, and those that it excludes."""

    exact: frozenset[str]
    wildcards: tuple[str, ...]
    everything: bool
    excluded: tuple[str, ...] = ()

    @property
    def imports_nothing(self) -> bool:
        return not self.exact and not self.wildcards

    def excludes(self, host: str) -> bool:
        """True when an excluded host covers the host."""
        return any(subset_of(host, excluded) for excluded in self.excluded)

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


def imported_hosts(hosts: Iterable[str], namespace: str, *, may_exclude: bool) -> Mapping[str, ImportedHosts]:
    """The imported and excluded hosts by namespace, with the Sidecar's namespace in place of `.`.

    Unless it `may_exclude` hosts, `~` is a namespace that does not exist.
    """
    imported: dict[str, list[str]] = {}
    excluded: dict[str, list[str]] = {}
    for host in hosts:
        of, separator, name = host.partition("/")
        if not separator or "/" in name:
            continue
        if may_exclude and of.startswith(EXCLUDED):
            excluded.setdefault(_namespace(of.removeprefix(EXCLUDED) or ANY_NAMESPACE, namespace), []).append(name)
        else:
            imported.setdefault(_namespace(of, namespace), []).append(name)
    return {of: _hosts(imported.get(of, ()), excluded.get(of, ())) for of in dict.fromkeys((*imported, *excluded))}


def _namespace(written: str, own: str) -> str:
    return own if written == OWN_NAMESPACE else written


def _hosts(names: Sequence[str], excluded: Sequence[str]) -> ImportedHosts:
    return ImportedHosts(
        exact=frozenset(name for name in names if not is_wildcard(name)),
        wildcards=tuple(name for name in names if is_wildcard(name)),
        everything="*" in names,
        excluded=tuple(excluded),
    )


def imports_of(imports: Mapping[str, ImportedHosts], namespace: str) -> Iterator[ImportedHosts]:
    """The imports of a namespace: those that name it, then those that name every namespace."""
    if namespace in imports:
        yield imports[namespace]
    if ANY_NAMESPACE in imports:
        yield imports[ANY_NAMESPACE]
