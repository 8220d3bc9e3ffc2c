"""Hosts that several Gateways claim on one port. Follows istioctl's `gateway.ConflictingGatewayAnalyzer`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from meshcompile.analyze.context import Context
from meshcompile.analyze.places import whole
from meshcompile.analyze.workloads import selector_text
from meshcompile.codes.references import CONFLICTING_GATEWAYS
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.gateway import Gateway, Server
from meshcompile.values.labels import Labels
from meshcompile.values.ports import protocol_named

MERGED = "requests use the VirtualServices of all these Gateways"
ACCEPTED = "only the oldest Gateway that Istio accepts gets them"
REJECTED = "nothing gets them, because Istio rejects all these Gateways"
SEPARATE = "only the oldest Gateway gets them"
Claim = tuple[int, str, str]  # port, host and bind


class _Claims(Struct, frozen=True, eq=False):
    """The hosts that the Gateways with one selector claim, per port."""

    labels: Labels
    gateways: list[Gateway] = field(default_factory=list)
    by_claim: dict[Claim, list[Gateway]] = field(default_factory=dict)

    def add(self, gateway: Gateway) -> None:
        """Note the claims of a Gateway. Of several servers on one port, istioctl sees the last one."""
        self.gateways.append(gateway)
        for port, server in _by_port(gateway).items():
            for host in dict.fromkeys(server.hosts):
                self.by_claim.setdefault((port, host, server.bind), []).append(gateway)


def conflicting_gateways(context: Context) -> Iterator[Diagnostic]:
    """A finding for each server with a host that another Gateway has on the same port of the same workloads."""
    claims: dict[str, _Claims] = {}
    for gateway in context.written.all(Gateway):
        labels = gateway.spec.selector
        claims.setdefault(selector_text(labels), _Claims(labels)).add(gateway)
    neighbours = _neighbours(context, claims)
    for selector, own in claims.items():
        together = (own, *(claims[other] for other in neighbours.get(selector, ())))
        for gateway in own.gateways:
            for server in gateway.spec.servers:
                yield from _conflicts(context, gateway, server, selector, together)


def _neighbours(context: Context, claims: Mapping[str, _Claims]) -> Mapping[str, set[str]]:
    """The selectors that select a Pod together, one of which contains the other one as text."""
    by_pod: dict[str, list[str]] = defaultdict(list)
    for selector, found in claims.items():
        for pod in context.written.pods.selected(found.labels):
            by_pod[pod.full_name].append(selector)
    together: dict[str, set[str]] = defaultdict(set)
    for selectors in {tuple(group) for group in by_pod.values() if len(group) > 1}:
        for one in selectors:
            together[one].update(other for other in selectors if other != one and (one in other or other in one))
    return together


def _by_port(gateway: Gateway) -> Mapping[int, Server]:
    """The last server of each port."""
    return {server.port.number: server for server in gateway.spec.servers if server.port is not None}


def _conflicts(
    context: Context, gateway: Gateway, server: Server, selector: str, together: tuple[_Claims, ...]
) -> Iterator[Diagnostic]:
    port = 0 if server.port is None else server.port.number
    claimed = tuple(
        (host, other)
        for host in server.hosts
        for claims in together
        for other in claims.by_claim.get((port, host, server.bind), ())
        if other is not gateway
    )
    if claimed:
        rivals = {other.full_name: other for _, other in sorted(claimed, key=lambda claim: claim[1].full_name)}
        servers = (server, *(_by_port(other)[port] for other in rivals.values()))
        yield CONFLICTING_GATEWAYS(
            server,
            reported=whole(gateway),
            port=port,
            selector=selector or "(any)",
            hosts=", ".join(dict.fromkeys(host for host, _ in claimed)),
            others=", ".join(f"Gateway {name}" for name in rivals),
            effect=_effect(context, (gateway, *rivals.values()), servers),
            related=tuple(Related("it has one of the hosts", other.origin) for other in rivals.values()),
        )


def _effect(context: Context, gateways: tuple[Gateway, ...], servers: tuple[Server, ...]) -> str:
    """What happens to requests for the hosts. Gateways that Istio rejects take no part."""
    accepted = sum(not context.rejects(each) for each in gateways)
    if accepted < len(gateways):
        return "only the one that Istio accepts gets them" if accepted == 1 else ACCEPTED if accepted else REJECTED
    return MERGED if all(map(_is_plain_http, servers)) else SEPARATE


def _is_plain_http(server: Server) -> bool:
    """True for a server whose hosts other servers of the port can have too."""
    return server.tls is None and server.port is not None and protocol_named(server.port.protocol).is_http
