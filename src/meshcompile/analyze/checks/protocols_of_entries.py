"""Protocols of ports that several ServiceEntries have. Follows istioctl's `ConflictingServiceEntryProtocolAnalyzer`."""

from collections import defaultdict
from collections.abc import Iterator

from msgspec import Struct

from meshcompile.analyze.context import Context, ObjectKey
from meshcompile.analyze.places import named
from meshcompile.codes.server_ports import PROTOCOLS_OF_ENTRIES
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.service_entry import ServiceEntry
from meshcompile.snapshot.exports import EVERYWHERE, exported_to


class HostPort(Struct, frozen=True, order=True):
    """A port of a host, for the clients of a namespace, or of all."""

    scope: str
    host: str
    port: int


class Claim(Struct, frozen=True):
    """The protocol that a ServiceEntry gives a port."""

    entry: ServiceEntry
    protocol: str


def protocols_of_entries(context: Context) -> Iterator[Diagnostic]:
    """A finding for each ServiceEntry with a port that has another protocol for the same clients."""
    if not context.snapshot.behaviour.protocols_of_entries:
        return
    reported: set[ObjectKey] = set()
    claims = _claims(context.written.all(ServiceEntry))
    for place in sorted(claims):
        of_all = () if place.scope == EVERYWHERE else claims.get(HostPort(EVERYWHERE, place.host, place.port), ())
        yield from _conflicts(place, (*claims[place], *of_all), reported)


def _claims(entries: tuple[ServiceEntry, ...]) -> dict[HostPort, tuple[Claim, ...]]:
    found: dict[HostPort, tuple[Claim, ...]] = defaultdict(tuple)
    for entry in entries:
        for scope in _scopes(entry):
            for host in entry.spec.hosts:
                for port in entry.spec.ports:
                    found[HostPort(scope, host, port.number)] += (Claim(entry, port.protocol.upper()),)
    return dict(found)


def _scopes(entry: ServiceEntry) -> frozenset[str]:
    """The namespaces with clients of an entry; only `*` if all namespaces have some."""
    exports = exported_to(entry.spec.export_to, entry.namespace)
    return frozenset({EVERYWHERE}) if not exports or EVERYWHERE in exports else exports


def _conflicts(place: HostPort, claims: tuple[Claim, ...], reported: set[ObjectKey]) -> Iterator[Diagnostic]:
    protocols = sorted({claim.protocol for claim in claims})
    if len(protocols) < 2:
        return
    entries = {(each.entry.namespace, each.entry.name): each.entry for each in claims}
    names = ", ".join("/".join(identity) for identity in sorted(entries))
    for entry in entries.values():
        key = (entry.kind, entry.namespace, entry.name)
        if key in reported:
            continue
        reported.add(key)
        yield PROTOCOLS_OF_ENTRIES(
            named(entry),
            entries=names,
            port=place.port,
            host=place.host,
            protocols=" and ".join(protocols),
            related=tuple(Related("another one", other.origin) for other in entries.values() if other is not entry),
        )
