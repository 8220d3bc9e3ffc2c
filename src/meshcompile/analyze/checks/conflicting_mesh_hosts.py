"""VirtualServices of sidecars with the same host. Follows istioctl's `ConflictingMeshGatewayHostsAnalyzer`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from meshcompile.analyze.context import Context
from meshcompile.analyze.places import named
from meshcompile.codes.references import CONFLICTING_HOSTS
from meshcompile.diagnostics import Diagnostic, Related, Severity
from meshcompile.models.networking.virtual_service import MESH_GATEWAY, VirtualService
from meshcompile.snapshot.exports import EVERYWHERE, exported_to
from meshcompile.values.hosts import covering, is_wildcard, qualified

Audience = tuple[str, str]  # namespace of clients, or `*`, and host
Used = dict[str, VirtualService | None]  # by namespace of clients, or `*`
SHOWN = 3
"""The maximum number of namespaces in a message."""


def conflicting_mesh_hosts(context: Context) -> Iterator[Diagnostic]:
    """A finding for each VirtualService that shares a host with another, for clients that see both.

    It is an info if a wildcard covers the host of the other one: proxies use the most specific host.
    """
    audiences = _by_audience(context)
    reported: set[str] = set()
    for (clients, host), own in audiences.items():
        public = [] if clients == EVERYWHERE else audiences.get((EVERYWHERE, host), [])
        # in sidecars' order of precedence
        rivals = [*own, *(service for service in public if service not in own)]
        if len(rivals) > 1:
            for virtual_service in rivals:
                if virtual_service.full_name not in reported:
                    reported.add(virtual_service.full_name)
                    yield _conflict(virtual_service, rivals, host, _used(context, audiences, host))
    for meeting in _meetings(audiences):
        for virtual_service in (meeting.narrow, meeting.wide):
            if virtual_service.full_name not in reported:
                reported.add(virtual_service.full_name)
                yield _overlap(virtual_service, meeting)


class _Meeting(NamedTuple):
    """A host of a VirtualService that a wildcard of another one covers, for the sidecars of a namespace."""

    clients: str
    narrow_host: str
    narrow: VirtualService
    wide_host: str
    wide: VirtualService


def _meetings(audiences: Mapping[Audience, list[VirtualService]]) -> Iterator[_Meeting]:
    """The overlaps, without equal hosts, of hosts with few clients and public ones. istioctl reports no others."""
    public = {host: group for (clients, host), group in audiences.items() if clients == EVERYWHERE}
    wildcards = {host for clients, host in audiences if clients != EVERYWHERE and is_wildcard(host)}
    covered: dict[str, list[str]] = defaultdict(list)
    for host in public if wildcards else ():
        for name in wildcards.intersection(covering(host)) - {host}:
            covered[name].append(host)
    for (clients, host), own in audiences.items():
        if clients == EVERYWHERE:
            continue
        for name in dict.fromkeys(covering(host)):
            for wide in public.get(name, ()) if name != host else ():
                yield from (_Meeting(clients, host, narrow, name, wide) for narrow in own)
        for name in covered.get(host, ()):
            for narrow in public[name]:
                yield from (_Meeting(clients, name, narrow, host, wide) for wide in own)


def _overlap(virtual_service: VirtualService, meeting: _Meeting) -> Diagnostic:
    is_narrow = virtual_service is meeting.narrow
    host, other = (meeting.narrow_host, meeting.wide) if is_narrow else (meeting.wide_host, meeting.narrow)
    return CONFLICTING_HOSTS(
        virtual_service.spec.at("hosts", _index(virtual_service, host)),
        reported=named(virtual_service),
        problem=f"host {meeting.wide_host} of VirtualService {meeting.wide.full_name} covers {meeting.narrow_host} of "
        f"{meeting.narrow.full_name} for sidecars of namespace {meeting.clients}",
        effect=f"requests for the narrower host use the rules of {meeting.narrow.full_name}",
        related=(Related("the host covers it" if is_narrow else "it has a narrower host", other.origin),),
        severity=Severity.INFO,
    )


def _index(virtual_service: VirtualService, host: str) -> int:
    """The index of a full host."""
    spec, namespace = virtual_service.spec, virtual_service.namespace
    return next(index for index, written in enumerate(spec.hosts) if qualified(written, namespace) == host)


def _by_audience(context: Context) -> Mapping[Audience, list[VirtualService]]:
    """The VirtualServices of sidecars, by the namespaces that see them and by host. Those with few clients come
    before public ones.
    """
    everywhere = context.snapshot.mesh.default_virtual_service_export_to or (EVERYWHERE,)
    by_audience: dict[Audience, list[VirtualService]] = defaultdict(list)
    for virtual_service in context.written.all(VirtualService):
        spec, namespace = virtual_service.spec, virtual_service.namespace
        if spec.gateways and MESH_GATEWAY not in spec.gateways:
            continue
        audience = exported_to(spec.export_to or everywhere, namespace)
        for clients in (EVERYWHERE,) if EVERYWHERE in audience else sorted(audience):
            for host in spec.hosts:
                by_audience[clients, qualified(host, namespace)].append(virtual_service)
    return dict(sorted(by_audience.items(), key=lambda item: item[0][0] == EVERYWHERE))


def _conflict(virtual_service: VirtualService, rivals: list[VirtualService], host: str, used: Used) -> Diagnostic:
    others = tuple(each for each in rivals if each is not virtual_service)
    names = ", ".join(sorted({each.full_name for each in rivals}))
    return CONFLICTING_HOSTS(
        virtual_service.spec.at("hosts", _index(virtual_service, host)),
        reported=named(virtual_service),
        problem=f"VirtualServices {names} all have host {host} for sidecars",
        effect=_effect(virtual_service, used),
        related=tuple(Related("it has the same host", each.origin) for each in others),
    )


def _used(context: Context, audiences: Mapping[Audience, list[VirtualService]], host: str) -> Used:
    """The VirtualService whose rules sidecars use for a host: the first one that Istio accepts."""
    public = audiences.get((EVERYWHERE, host), [])
    found: Used = {}
    for (clients, name), own in audiences.items():
        if name == host:
            rivals = own if clients == EVERYWHERE else [*own, *public]
            found[clients] = next((each for each in rivals if not context.rejects(each)), None)
    return found


def _effect(virtual_service: VirtualService, used: Used) -> str:
    """Which rules sidecars use, by namespace if they do not all use the same."""
    by_winner: dict[str, list[str]] = defaultdict(list)
    for clients, winner in used.items():
        if winner is not None:
            by_winner[winner.full_name].append(clients)
    if not by_winner:
        return "Istio rejects all of them, so none of their rules are used"
    if len(by_winner) > 1:
        return ", ".join(f"{_sidecars(clients)} use the rules of {name}" for name, clients in by_winner.items())
    (winner_name,) = by_winner
    unused = "those of the others" if virtual_service.full_name == winner_name else "these"
    return f"the rules of {winner_name} are used, {unused} are not"


def _sidecars(clients: list[str]) -> str:
    if EVERYWHERE in clients:
        return "the other sidecars"
    more = f" and {len(clients) - SHOWN} more" if len(clients) > SHOWN else ""
    return f"sidecars of namespace {', '.join(clients[:SHOWN])}{more}"
