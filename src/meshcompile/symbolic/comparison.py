"""What two route tables do differently, as sets of requests.

The hosts of requests fall into groups that neither table tells apart. For each group, the virtual hosts of both tables
are compared, route by route. A request that finds no virtual host and one that finds no route have the same outcome:
Envoy answers 404.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import reduce
from operator import or_

import msgspec

from meshcompile.envoy.config.route import Route, RouteConfiguration, VirtualHost
from meshcompile.envoy.fingerprint import digests
from meshcompile.simulate.virtual_host import domain_index
from meshcompile.spaces import (
    NOTHING,
    Language,
    Outcomes,
    Request,
    Row,
    Space,
    Undecided,
    differences,
    exactly,
    row,
    space,
)
from meshcompile.spaces.space import UsualValues
from meshcompile.symbolic.authorities import has_port, rank, taken_by, takes
from meshcompile.symbolic.paths import visible_paths
from meshcompile.symbolic.rows import USUAL, rows_of, taken_for_granted

NO_TABLE = RouteConfiguration()
NO_HOST = VirtualHost()
MOST_LABELS = 20
"""The number of labels that are tried for a host that reads well, which a wildcard takes and no other domain."""


class HostGroup(msgspec.Struct, frozen=True):
    """Hosts that neither table tells apart: the domain that takes them, an example, and their virtual hosts.

    `indexes` are those of the virtual hosts in their tables, None for no virtual host.
    """

    domain: str
    authority: str
    indexes: tuple[int | None, int | None]
    before: VirtualHost
    after: VirtualHost


class RouteDifference(msgspec.Struct, frozen=True):
    """Requests that the two tables route differently.

    `before` and `after` are the routes that decide; None where the answer is 404 or a redirect to HTTPS. `witness` is
    one of the requests. Its dimensions are those of `meshcompile.symbolic`.
    """

    group: HostGroup
    space: Space
    witness: Request
    before: Route | None
    after: Route | None


class UndecidedHosts(msgspec.Struct, frozen=True):
    """Virtual hosts that cannot be compared, and the reason."""

    group: HostGroup
    reason: str


def route_differences(
    before: RouteConfiguration | None, after: RouteConfiguration | None, paths: Language | None = None
) -> Iterator[RouteDifference | UndecidedHosts]:
    """All requests that two tables of one name route differently.

    Args:
        before: A table; None for one without virtual hosts.
        after: The other table.
        paths: The paths that its routes can see; by default those that Istio's normalization leaves.
    """
    paths = paths or visible_paths()
    before, after = before or NO_TABLE, after or NO_TABLE
    if not same_tables(before, after):
        changed = frozenset(range(len(before.virtual_hosts))), frozenset(range(len(after.virtual_hosts)))
    else:
        changed = changed_hosts(before, after)
    for group, domains in _distinct(host_groups(before, after, changed)):
        if not _same(group, before, after):
            yield from _compared(group, domains, (before, after), paths)


Indexes = frozenset[int]
"""The indexes of some virtual hosts of a table."""


def changed_hosts(before: RouteConfiguration, after: RouteConfiguration) -> tuple[Indexes, Indexes]:
    """The virtual hosts that only one of two tables has."""
    was, now = before.virtual_hosts, after.virtual_hosts
    shared = set(map(id, was)) & set(map(id, now))
    old, new = ({i: each for i, each in enumerate(hosts) if id(each) not in shared} for hosts in (was, now))
    digests_of = set(digests(list(old.values()))), set(digests(list(new.values())))
    both = digests_of[0] & digests_of[1]
    left, added = (
        frozenset(i for i, digest in zip(hosts, digests(list(hosts.values())), strict=True) if digest not in both)
        for hosts in (old, new)
    )
    return left, added


def _distinct(groups: Iterable[HostGroup]) -> Iterable[tuple[HostGroup, Sequence[str]]]:
    """One group per pair of virtual hosts, the one whose host reads best, and the domains of all of them."""
    best: dict[tuple[int | None, int | None], HostGroup] = {}
    domains: dict[tuple[int | None, int | None], list[str]] = {}
    for group in groups:
        known = best.setdefault(group.indexes, group)
        domains.setdefault(group.indexes, []).append(group.domain)
        if _readability(group.authority) < _readability(known.authority):
            best[group.indexes] = group
    return [(group, domains[indexes]) for indexes, group in best.items()]


def _readability(authority: str) -> tuple[bool, bool, bool, int, str]:
    """The sort key of hosts: names before addresses, without ports, with a namespace, short."""
    return not any(map(str.isalpha, authority)), ":" in authority, "." not in authority, len(authority), authority


def host_groups(
    before: RouteConfiguration, after: RouteConfiguration, changed: tuple[Indexes, Indexes]
) -> Iterator[HostGroup]:
    """The groups of hosts that some domain of the changed virtual hosts names, in the order of the domains.

    Other domains are in virtual hosts that both tables have, and no changed domain is among those that take their
    hosts first.
    """
    concerned = _domains(before, changed[0]) | _domains(after, changed[1])
    if not concerned:
        return
    indexes = domain_index(before), domain_index(after)
    domains = _domains(before) | _domains(after)
    ports = before.ignore_port_in_host_matching and after.ignore_port_in_host_matching
    for domain in sorted(concerned):
        authority = _authority(domain, domains, ports=ports)
        if authority is not None:
            found = indexes[0].find(authority), indexes[1].find(authority)
            yield HostGroup(domain, authority, found, _host(before, found[0]), _host(after, found[1]))


def _domains(table: RouteConfiguration, indexes: Iterable[int] | None = None) -> set[str]:
    """The domains of some virtual hosts, or of all of them."""
    hosts = table.virtual_hosts if indexes is None else [table.virtual_hosts[index] for index in indexes]
    return {domain.lower() for host in hosts for domain in host.domains}


def _host(table: RouteConfiguration, index: int | None) -> VirtualHost:
    return NO_HOST if index is None else table.virtual_hosts[index]


def _authority(domain: str, domains: set[str], *, ports: bool) -> str | None:
    """A host that this domain takes, and no more specific one; None if there is none."""
    if ports and has_port(domain):
        return taken_by(domain, sorted(domains), ports=ports).example()
    if "*" not in (domain[:1], domain[-1:]):
        return domain
    labels = ("any" if number == 0 else f"any{number}" for number in range(MOST_LABELS))
    candidates = (domain.replace("*", label) if domain != "*" else f"{label}.example" for label in labels)
    usual = next((each for each in candidates if not _taken(each, domain, domains)), None)
    return usual or taken_by(domain, sorted(domains), ports=ports).example()


def _taken(authority: str, by: str, domains: set[str]) -> bool:
    """Whether a more specific domain takes the host."""
    return any(other != by and takes(other, authority) and rank(other) < rank(by) for other in domains)


def _same(group: HostGroup, before: RouteConfiguration, after: RouteConfiguration) -> bool:
    """Whether nothing of the two virtual hosts differs but their names and domains."""
    if not same_tables(before, after) or _of_host(group.before) != _of_host(group.after):
        return False
    was, now = group.before.routes, group.after.routes
    return was == now or [*map(_named_nothing, was)] == [*map(_named_nothing, now)]


def same_tables(before: RouteConfiguration, after: RouteConfiguration) -> bool:
    """Whether the tables do the same to the requests of all their virtual hosts."""
    return table_settings(before) == table_settings(after)


def _compared(
    group: HostGroup, domains: Sequence[str], both: tuple[RouteConfiguration, RouteConfiguration], paths: Language
) -> Iterator[RouteDifference | UndecidedHosts]:
    before, after = both
    (rows_before, rows_after), universe = rows_of(
        (group.before, group.after), lambda: _authorities(domains, before, after)
    )
    tables = (
        Outcomes(_with_outcomes(rows_before, group.before, before), universe),
        Outcomes(_with_outcomes(rows_after, group.after, after), universe),
    )
    try:
        for difference in differences(*tables):
            requests, example = _visible(difference.space, paths, {**USUAL, "authority": (group.authority,)})
            if example is None:
                continue
            witness = {**{name: values[0] for name, values in USUAL.items()}, **example}
            if (needed := taken_for_granted(witness)) is not None:
                yield UndecidedHosts(group, f"it depends on {needed}")
                continue
            yield RouteDifference(
                group,
                requests,
                witness,
                _route(group.before, difference.before),
                _route(group.after, difference.after),
            )
    except Undecided as undecided:
        yield UndecidedHosts(group, str(undecided))


def _visible(requests: Space, paths: Language, usual: UsualValues) -> tuple[Space, Request | None]:
    """The requests of a space with paths that routes can see, and one of them; the whole space if its example is one.

    To leave out other paths takes long, and says nothing new then.
    """
    example = requests.example(usual)
    if example is None or paths.accepts(example.get("path", "/")):
        return requests, example
    visible = requests & space(path=paths)
    return visible, visible.example(usual)


def _authorities(domains: Sequence[str], before: RouteConfiguration, after: RouteConfiguration) -> Language:
    """The authorities that some domains take. Where only one table ignores ports, requests with ports are left out."""
    ports = before.ignore_port_in_host_matching and after.ignore_port_in_host_matching
    others = sorted(_domains(before) | _domains(after))
    return reduce(or_, (taken_by(domain, others, ports=ports) for domain in domains), NOTHING)


def _with_outcomes(rows: Sequence[Row], host: VirtualHost, table: RouteConfiguration) -> Sequence[tuple[Row, Hashable]]:
    around = (table_settings(table), _of_host(host))
    routes = [(each, (*around, route_action(route))) for each, route in zip(rows, host.routes, strict=True)]
    if host.require_tls == "NONE":
        return routes
    return [(row(space(scheme=exactly("http"))), ("https", host.require_tls)), *routes]


def _route(host: VirtualHost, index: int) -> Route | None:
    """The route of a row. A virtual host that requires TLS has a row of its own in front."""
    index -= host.require_tls != "NONE"
    return host.routes[index] if 0 <= index < len(host.routes) else None


def route_action(route: Route) -> Hashable:
    """What a route does, without what it matches and what only names it."""
    return msgspec.structs.replace(_named_nothing(route), match=None)


def _named_nothing(route: Route) -> Route:
    """A route without what only names it."""
    return msgspec.structs.replace(route, name="", metadata=None, decorator=None, stat_prefix="")


def _of_host(host: VirtualHost) -> Hashable:
    """What a virtual host does to the requests of all its routes."""
    return msgspec.structs.replace(host, name="", domains=(), routes=(), metadata=None, virtual_clusters=())


def table_settings(table: RouteConfiguration) -> Hashable:
    """What a table does to the requests of all its virtual hosts."""
    return msgspec.structs.replace(table, name="", virtual_hosts=(), metadata=None)
