"""The way of a request through the proxies: client, gateways, server and application."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from msgspec.structs import replace

from meshcompile.explain.ambient import (
    at_waypoint,
    at_ztunnel,
    identity_of,
    is_ambient,
    sent_to_waypoint,
    tunnelled,
    waypoint_of,
)
from meshcompile.explain.journey import DOUBLE_TLS, Journey, Passage
from meshcompile.explain.names import ELSEWHERE, Destination, destination, unknown_name
from meshcompile.explain.passing import by_workload, first_http, forwarded, timed_out
from meshcompile.explain.request import OUTSIDE, Request
from meshcompile.explain.world import World
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.simulate import (
    Capture,
    ClientHello,
    ClosedConnection,
    DownstreamConnection,
    ForwardedBytes,
    ForwardedRequest,
    HttpRequest,
    LocalReply,
    PeerCertificate,
    ProxyOutcome,
    Spoken,
)
from meshcompile.simulate.cluster import ChosenCluster, EndpointChoice
from meshcompile.snapshot.service import Service

MOST_HOPS = 8
CLIENT_OUTSIDE = "192.0.2.10"


def journeys(world: World, request: Request) -> tuple[Journey, ...]:
    """All ways that a request can take, the most likely first."""
    walk = _Walk(world, request)
    found = list(walk.from_outside() if request.sender == OUTSIDE else walk.from_workload())
    return tuple(sorted(_together(found), key=lambda each: -each.share))


def _together(found: list[Journey]) -> Iterator[Journey]:
    """The journeys with one outcome as one."""
    groups: dict[Any, list[Journey]] = {}
    for each in found:
        first = each.passages[0].cluster if each.passages else ""
        groups.setdefault((each.status, each.flags, each.answered_by, each.cluster, first), []).append(each)
    for group in groups.values():
        yield replace(group[0], share=sum((one.share for one in group), Fraction(0)))


class _Walk:
    """One request, followed from its sender."""

    def __init__(self, world: World, request: Request) -> None:
        self.world, self.request = world, request

    def from_outside(self) -> Iterator[Journey]:
        """The journeys through the gateway that answers on the port."""
        gateway = self._gateway()
        if gateway is None:
            yield Journey((), Fraction(1), problem=f"no gateway listens on port {self.request.target_port}")
            return
        proxy, port = gateway
        source = self.request.source or CLIENT_OUTSIDE
        connection = DownstreamConnection(
            destination=proxy.ip_addresses[0], port=port, source=source, spoken=Spoken.HTTP11, tls=self._own_tls()
        )
        yield from self._at(proxy, connection, self._http(), (), Fraction(1))

    def _gateway(self) -> tuple[Proxy, int] | None:
        """The gateway of a request from outside and its port: one that routes the host, else one that listens."""
        found = list(self._gateways())
        return next((each for each in found if self._takes(*each)), max(found, key=self._listens, default=None))

    def _gateways(self) -> Iterator[tuple[Proxy, int]]:
        for proxy in self.world.mesh.proxies():
            if proxy.type is ProxyType.ROUTER and self.request.to in ("", self.world.name(proxy), proxy.id):
                for service in self.world.snapshot.services.all:
                    if service.namespace == proxy.namespace and _selects(service.selector, proxy.labels):
                        for port in service.ports:
                            if port.number == self.request.target_port:
                                yield proxy, port.target if isinstance(port.target, int) else port.number

    def _takes(self, proxy: Proxy, port: int) -> bool:
        return any(isinstance(each.ending, ForwardedRequest | ForwardedBytes) for each in self._at_port(proxy, port))

    def _listens(self, gateway: tuple[Proxy, int]) -> bool:
        return any(each.steps for each in self._at_port(*gateway))

    def _at_port(self, proxy: Proxy, port: int) -> Sequence[ProxyOutcome]:
        connection = DownstreamConnection(destination=proxy.ip_addresses[0], port=port, tls=self._own_tls())
        return self.world.evaluated(proxy)[1].outcomes(connection, self._http())

    def from_workload(self) -> Iterator[Journey]:
        """The journeys from a workload, through its proxy if it has one."""
        proxy = self._sender()
        pod = None if proxy is not None else self.world.pod(self.request.sender)
        if proxy is None and pod is None:
            self.world.mesh.proxy(self.request.sender)  # raises UnknownProxy, with similar names
        namespace = proxy.namespace if proxy is not None else pod.namespace if pod is not None else ""
        target = destination(self.world.snapshot, self.request.ip or self.request.host, namespace, self.request.given)
        if not target.address:
            yield Journey((), Fraction(1), problem=unknown_name(self.world.snapshot, self.request.host))
        elif proxy is None:
            yield from self._directly(target, _source(pod), Fraction(1))
        else:
            connection = DownstreamConnection(
                destination=target.address,
                port=self.request.target_port,
                source=proxy.ip_addresses[0],
                capture=Capture.OUTBOUND,
                spoken=Spoken.HTTP11,
                tls=self._own_tls(),
            )
            yield from self._at(proxy, connection, self._http(), (), Fraction(1))

    def _sender(self) -> Proxy | None:
        from meshcompile.errors import UnknownProxy

        try:
            return self.world.mesh.proxy(self.request.sender)
        except UnknownProxy:
            return None

    def _own_tls(self) -> ClientHello | None:
        if not self.request.speaks_tls:
            return None
        peer = PeerCertificate(uris=(self.request.principal,)) if self.request.principal else None
        return ClientHello(sni=self.request.server_name, alpn=("h2", "http/1.1"), certificate=peer)

    def _http(self) -> HttpRequest:
        return HttpRequest(
            method=self.request.method,
            authority=self.request.authority,
            path=self.request.path,
            headers=self.request.sent_headers,
            claims=self.request.claims,
        )

    def _at(
        self,
        proxy: Proxy,
        connection: DownstreamConnection,
        request: HttpRequest | None,
        before: tuple[Passage, ...],
        share: Fraction,
    ) -> Iterator[Journey]:
        """The journeys from a proxy on."""
        config, evaluator = self.world.evaluated(proxy)
        for outcome in evaluator.outcomes(connection, request):
            passage = Passage(proxy, config, connection, request, outcome)
            yield from self._after(passage, (*before, passage), share * outcome.share)

    def _after(self, passage: Passage, passages: tuple[Passage, ...], share: Fraction) -> Iterator[Journey]:
        outcome = passage.outcome
        flags = ",".join(outcome.flags) or "-"
        ended = Journey(passages, share, flags=flags, decided_by=passage, depends_on=outcome.depends_on)
        match outcome.ending:
            case LocalReply(status=status):
                yield replace(ended, status=status)
            case ClosedConnection(reason=reason):
                yield replace(ended, problem=reason)
            case ForwardedRequest(cluster=cluster) | ForwardedBytes(cluster=cluster):
                yield from self._upstream(passage, passages, cluster, share)

    def _upstream(
        self, passage: Passage, passages: tuple[Passage, ...], cluster: ChosenCluster, share: Fraction
    ) -> Iterator[Journey]:
        """The journeys to the endpoints of a cluster, one per workload."""
        if len(passages) >= MOST_HOPS:
            yield Journey(passages, share, status=508, decided_by=passage, problem="the request goes round in a loop")
            return
        for endpoint, part in by_workload(self.world, cluster):
            host, port = tunnelled(endpoint.address)
            if passage.connection.capture is Capture.INBOUND:
                yield self._application(passage, passages, port, share * part)
            elif (proxy := self.world.proxies.get(host)) is not None and proxy.is_waypoint:
                yield from self._to_waypoint(passage, passages, proxy, cluster, share * part)
            elif proxy is not None:
                yield from self._to_proxy(passage, passages, proxy, (host, port), endpoint, share * part)
            else:
                yield from self._to_plain(passage, passages, cluster, endpoint, share * part)

    def _to_proxy(
        self,
        passage: Passage,
        passages: tuple[Passage, ...],
        proxy: Proxy,
        address: tuple[str, int],
        endpoint: EndpointChoice,
        share: Fraction,
    ) -> Iterator[Journey]:
        """The journeys through the proxy of an endpoint."""
        tls = self._upstream_tls(passage, endpoint)
        gateway = proxy.type is not ProxyType.SIDECAR
        connection = DownstreamConnection(
            destination=address[0],
            port=address[1],
            source=passage.proxy.ip_addresses[0],
            capture=Capture.NONE if gateway else Capture.INBOUND,
            spoken=Spoken.HTTP11 if passage.request is not None else Spoken.TCP,
            tls=tls,
        )
        for each in self._at(proxy, connection, forwarded(passage), passages, share):
            yield self._seen_by_client(each, passage)

    def _to_waypoint(
        self,
        passage: Passage,
        passages: tuple[Passage, ...],
        waypoint: Proxy,
        cluster: ChosenCluster,
        share: Fraction,
    ) -> Iterator[Journey]:
        """The journeys through the waypoint that a gateway sends the requests of a service to."""
        _, number, _, host = (*cluster.message.name.split("|"), "", "", "")[:4]
        target = destination(self.world.snapshot, host, waypoint.namespace, self.request.given)
        identity, source = self.world.identity(passage.proxy), passage.proxy.ip_addresses[0]
        is_http = passage.request is not None
        connection = at_waypoint(target.address, int(number or 0), source, identity, http=is_http)
        for each in self._at(waypoint, connection, forwarded(passage), passages, share):
            yield self._seen_by_client(each, passage)

    def _seen_by_client(self, journey: Journey, client: Passage) -> Journey:
        """A connection that a server closes is a 503 for the client of an HTTP proxy, which says so itself."""
        closed = journey.status is None and journey.decided_by is not None and not journey.answered_by
        if closed and isinstance(client.outcome.ending, ForwardedRequest):
            return replace(journey, status=503)
        return journey

    def _upstream_tls(self, passage: Passage, endpoint: EndpointChoice) -> ClientHello | None:
        """The TLS of the connection to an endpoint: that of the transport socket, or else the sender's own."""
        tls = endpoint.transport.tls
        if tls is None:
            return passage.connection.tls if isinstance(passage.outcome.ending, ForwardedBytes) else None
        identity = self.world.identity(passage.proxy)
        peer = PeerCertificate(uris=(identity,)) if tls.certificates else None
        return ClientHello(sni=tls.sni, alpn=tls.alpn, certificate=peer)

    def _to_plain(
        self,
        passage: Passage,
        passages: tuple[Passage, ...],
        cluster: ChosenCluster,
        endpoint: EndpointChoice,
        share: Fraction,
    ) -> Iterator[Journey]:
        """The journey to an endpoint without a proxy: a Pod, an address of a Service, or a host outside."""
        host, port = tunnelled(endpoint.address)
        pod = self.world.pods.get(host)
        if pod is not None and is_ambient(self.world, pod):
            yield self._through_ztunnel(passage, passages, (pod, port), share)
            return
        if pod is not None:
            yield self._application(passage, passages, port, share, pod)
            return
        target = destination(self.world.snapshot, host, passage.proxy.namespace, self.request.given)
        if target.service is not None and not target.is_outside:
            for each in self._directly(target, passage.proxy.ip_addresses[0], share):
                yield replace(each, passages=(*passages, *each.passages), decided_by=each.decided_by or passage)
            return
        yield self._outside(passage, passages, endpoint, port, share)

    def _through_ztunnel(
        self, passage: Passage, passages: tuple[Passage, ...], to: tuple[Pod, int], share: Fraction
    ) -> Journey:
        """The journey from a proxy to a Pod of the ambient mesh, whose ztunnel takes the connection or not."""
        pod, port = to
        identity = self.world.identity(passage.proxy)
        decision = at_ztunnel(self.world, to, identity, passage.proxy.ip_addresses[0])
        decided = ((len(passages), decision),)
        if decision.allowed:
            return replace(self._application(passage, passages, port, share, pod), ztunnels=decided)
        status = 503 if isinstance(passage.outcome.ending, ForwardedRequest) else None
        return Journey(passages, share, status, "UC", passage, problem=decision.why, ztunnels=decided)

    def _outside(
        self, passage: Passage, passages: tuple[Passage, ...], endpoint: EndpointChoice, port: int, share: Fraction
    ) -> Journey:
        """The journey to a host outside of the mesh."""
        host = endpoint.hostname or endpoint.address.rpartition(":")[0]
        if host in (ELSEWHERE, ""):
            host = destination(self.world.snapshot, self.request.host, passage.proxy.namespace, self.request.given).host
        speaks_tls = self._upstream_tls(passage, endpoint) is not None
        if isinstance(passage.outcome.ending, ForwardedBytes) and endpoint.transport.tls and passage.connection.tls:
            problem = f"{host}:{port} gets {DOUBLE_TLS}: the sender speaks TLS, and its proxy adds its own"
            return Journey(passages, share, flags="-", decided_by=passage, problem=problem)
        listening = self.request.given.externals.get(host, {}).get(port)
        if listening is not None and (listening == "tls") != speaks_tls:
            said = "TLS" if speaks_tls else "plain text"
            problem = f"{host}:{port} speaks {'TLS' if listening == 'tls' else 'plain HTTP'}, and gets {said}"
            return self._failed(passage, passages, share, problem)
        return Journey(passages, share, status=200, flags="-", decided_by=passage, answered_by=host)

    def _directly(self, target: Destination, source: str, share: Fraction) -> Iterator[Journey]:
        """The journeys of a connection without a client's proxy, to the Pods of a Service."""
        service = target.service
        if service is None or target.is_outside:
            yield Journey((), share, status=200, answered_by=target.host)
            return
        port = service.port(self.request.target_port)
        endpoints = self.world.snapshot.endpoints.named(service, port.name) if port is not None else ()
        if (waypoint := self._waypoint(service, source)) is not None:
            yield from self._from_ambient(waypoint, target.address, source, share)
            return
        if not endpoints:
            yield Journey(
                (), share, problem=f"Service {service.hostname} has no endpoint for port {self.request.target_port}"
            )
            return
        endpoint = endpoints[0]
        proxy = self.world.proxies.get(endpoint.address)
        if proxy is None:
            pod = self.world.pods.get(endpoint.address)
            if pod is not None and is_ambient(self.world, pod):
                yield self._between_ztunnels(pod, endpoint.port, source, share)
                return
            yield Journey((), share, status=200, answered_by=self.world.answering(pod) if pod else target.host)
            return
        connection = DownstreamConnection(
            destination=endpoint.address,
            port=endpoint.port,
            source=source,
            capture=Capture.INBOUND if proxy.type is ProxyType.SIDECAR else Capture.NONE,
            tls=self._own_tls(),
        )
        yield from self._at(proxy, connection, self._http(), (), share)

    def _waypoint(self, service: Service, source: str) -> Proxy | None:
        """The waypoint that the ztunnel of a sender sends connections for a service to."""
        return waypoint_of(self.world, service) if is_ambient(self.world, self.world.pods.get(source)) else None

    def _from_ambient(self, waypoint: Proxy, address: str, source: str, share: Fraction) -> Iterator[Journey]:
        """The journeys from a Pod of the ambient mesh through a waypoint."""
        pod = self.world.pods[source]
        connection = at_waypoint(address, self.request.target_port, source, identity_of(self.world, pod))
        sent = (0, sent_to_waypoint(self.world, pod, waypoint))
        for each in self._at(waypoint, replace(connection, tls=self._own_tls()), self._http(), (), share):
            yield replace(each, ztunnels=(sent, *each.ztunnels))

    def _between_ztunnels(self, pod: Pod, port: int, source: str, share: Fraction) -> Journey:
        """The journey of a connection to a Pod of the ambient mesh without a waypoint."""
        sender = self.world.pods.get(source)
        identity = identity_of(self.world, sender) if sender and is_ambient(self.world, sender) else ""
        decision = at_ztunnel(self.world, (pod, port), identity, source)
        if not decision.allowed:
            return Journey((), share, problem=decision.why, ztunnels=((0, decision),))
        name, status = self.world.answering(pod), int(self.world.app(pod, self.request.given).get("status", 200))
        return Journey((), share, status=status, answered_by=name, ztunnels=((0, decision),))

    def _application(
        self, passage: Passage, passages: tuple[Passage, ...], port: int, share: Fraction, pod: Pod | None = None
    ) -> Journey:
        """The journey to the application of a Pod: the server's own, or one without a proxy."""
        pod = pod or self.world.pods.get(passage.proxy.ip_addresses[0])
        if pod is None:
            return Journey(passages, share, status=200, flags="-", decided_by=passage)
        name = self.world.answering(pod)
        if not self.world.listens(pod, port):
            return self._failed(passage, passages, share, f"no container of {name} declares port {port}")
        app = self.world.app(pod, self.request.given)
        if (late := timed_out(passages, float(app.get("delay", 0)))) is not None:
            return Journey(passages, share, status=504, flags="UT", decided_by=late)
        return Journey(
            passages,
            share,
            status=int(app.get("status", 200)),
            flags="-",
            decided_by=passage if "status" in app else first_http(passages) or passage,
            answered_by=name,
        )

    def _failed(self, passage: Passage, passages: tuple[Passage, ...], share: Fraction, problem: str) -> Journey:
        """A connection that fails. An HTTP proxy answers 503, after it has tried again."""
        http = isinstance(passage.outcome.ending, ForwardedRequest)
        retries = isinstance(passage.outcome.ending, ForwardedRequest) and passage.outcome.ending.policies.retries
        flags = "URX,UF" if retries else "UF"
        return Journey(passages, share, 503 if http else None, flags, passage, problem=problem)


def _selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return bool(selector) and selector.items() <= dict(labels).items()


def _source(pod: Pod | None) -> str:
    return pod.status.pod_ip if pod is not None else CLIENT_OUTSIDE
