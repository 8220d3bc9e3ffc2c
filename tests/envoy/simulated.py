"""The evaluator against the real Envoy: `python -m tests.envoy.simulated --requests 100000`."""

from __future__ import annotations

import argparse
import socket
import ssl
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from msgspec import structs

import meshcompile
from meshcompile.simulate import (
    ClosedConnection,
    ForwardedBytes,
    HttpRequest,
    LocalReply,
    ProxyEvaluator,
    ProxyOutcome,
    Spoken,
    TokenState,
)
from meshcompile.simulate.http_syntax import METHODS, is_authority, is_http1_line
from tests.envoy import judgement, observation
from tests.envoy.certificates import Authority
from tests.envoy.client import plainly_connected, proxy_header
from tests.envoy.connections import Reply
from tests.envoy.exchanges import exchanged
from tests.envoy.frequencies import Copies, Shares
from tests.envoy.generated_policies import IDENTITY
from tests.envoy.generated_scenarios import KINDS, TOKEN, Approach, Scenario, World
from tests.envoy.http2 import exchanged_h2
from tests.envoy.observation import connections_in, observed_bootstrap
from tests.envoy.runner import Envoy, EnvoyError, on_free_ports, running
from tests.envoy.sidecars import PROXY_PROTOCOL, documents, read_by_header, workload_certificates

REFUSED_UPGRADE = "websocket_handshake_unsuccessful"
BYTES_AT_A_TIME = 4  # connections without HTTP for each way to reach a proxy


@dataclass(slots=True)
class Comparison:
    """The requests so far, what happened to them, and where Envoy and the evaluator differ."""

    requests: int = 0
    connections: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    shares: Shares = field(default_factory=Shares)
    refused: int = 0  # meshes that Envoy did not take

    @property
    def all_differences(self) -> list[str]:
        """The differences, also those that only show in many requests."""
        return [*self.differences, *self.shares.unlikely()]


class Clients:
    """TLS clients by identity and protocols."""

    def __init__(self, authority: Authority, folder: Path) -> None:
        self._folder = folder
        self._contexts: dict[tuple[str, tuple[str, ...]], ssl.SSLContext] = {}
        self._authority = authority
        stranger = Authority("stranger")
        self._pairs = {
            **{name: authority.issue(IDENTITY.format(name)) for name in ("client", "thief")},
            "stranger": stranger.issue(IDENTITY.format("client")),
        }

    def know(self, identity: str) -> None:
        """Give a client with this identity a certificate."""
        if identity not in self._pairs:
            self._pairs[identity] = self._authority.issue(identity)

    def context(self, client: str, alpn: tuple[str, ...]) -> ssl.SSLContext:
        if (client, alpn) not in self._contexts:
            context = self._authority.client_context(self._folder, self._pairs.get(client))
            context.verify_mode = ssl.CERT_NONE
            if alpn:
                context.set_alpn_protocols(list(alpn))
            self._contexts[client, alpn] = context
        return self._contexts[client, alpn]


@dataclass(frozen=True, slots=True)
class Connector:
    """Opens connections to a proxy. `addresses` has the client's address of each one, and `used` those of all."""

    port: int
    approach: Approach
    clients: Clients
    used: set[str]
    addresses: list[str] = field(default_factory=list)

    def __call__(self) -> socket.socket:
        seen = self.approach.connection
        connection = self._connected(seen.source if "." in seen.source else "127.0.0.1")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.addresses.append("{}:{}".format(*connection.getsockname()))
        connection.sendall(proxy_header(connection.getsockname(), (seen.destination, seen.port)))
        if seen.tls is None:
            return connection
        context = self.clients.context(self.approach.client, seen.tls.alpn)
        try:
            return context.wrap_socket(connection, server_hostname=seen.tls.sni or None)
        except OSError:
            connection.close()
            raise

    def _connected(self, source: str) -> socket.socket:
        """A connection from an address that the access log does not have yet."""
        while True:
            connection = plainly_connected(self.port, source)
            address = "{}:{}".format(*connection.getsockname())
            if address not in self.used:
                self.used.add(address)
                return connection
            connection.close()


def compared(kind: str, seed: int, count: int, world: World, comparison: Comparison) -> None:
    """Compare some requests to the proxy of a random mesh."""
    random = Random(f"{kind} {seed}")
    scenario = KINDS[kind](random, world)
    mesh = meshcompile.load(documents(*scenario.objects), mesh_config=scenario.mesh_config)
    errors = [str(d) for d in mesh.diagnostics if d.severity is meshcompile.Severity.ERROR]
    if errors:
        raise AssertionError(f"{kind} {seed}: {errors[0]}")
    config = mesh.compile(scenario.proxy)
    with tempfile.TemporaryDirectory(prefix="simulate-") as name:
        folder = Path(name)
        workload_certificates(folder / "own", world.authority, IDENTITY.format("web"))
        clients = Clients(world.authority, folder)
        content = config.bootstrap(workload_certificates=str(folder / "own")).to_dict()
        bootstrap = on_free_ports(content if scenario.is_gateway else read_by_header(content))
        if scenario.is_gateway:
            for listener in bootstrap["staticResources"]["listeners"]:
                listener["listenerFilters"] = [PROXY_PROTOCOL, *listener.get("listenerFilters", ())]
        log = folder / "access.log"
        try:
            with running(observed_bootstrap(bootstrap, log)) as envoy:
                empty = observation.clusters_without_endpoints(bootstrap)
                copies = Copies(observation.clusters_of_bytes(bootstrap), empty)
                name = f"{kind} {seed}"
                judge = Judge(name, scenario, ProxyEvaluator(config), envoy, clients, log, comparison, copies)
                judge.judge(random, count)
        except EnvoyError as error:  # patches that do not go together
            if "[critical]" not in str(error):
                raise
            comparison.refused += 1


@dataclass(frozen=True, slots=True)
class Judge:
    """One scenario, in Envoy and in the evaluator."""

    name: str
    scenario: Scenario
    evaluator: ProxyEvaluator
    envoy: Envoy
    clients: Clients
    log: Path
    comparison: Comparison
    copies: Copies
    used: set[str] = field(default_factory=set)

    def judge(self, random: Random, count: int) -> None:
        each = count // len(self.scenario.approaches) + 1
        later: list[tuple[Approach, HttpRequest, Sequence[ProxyOutcome], Reply | None, str]] = []
        for approach in self.scenario.approaches:
            requests = [self.scenario.request(random) for _ in range(each)]
            answered = [(request, self.outcomes(approach, request)) for request in requests]
            is_tcp = approach.connection.spoken is Spoken.TCP
            has_tls = approach.connection.tls is not None
            http = [pair for pair in answered if not has_bytes(pair[1], has_tls=has_tls) and not is_tcp]
            self._http(approach, http)
            others = [pair for pair in answered if pair not in http]
            later += self._bytes(approach, others[:BYTES_AT_A_TIME])
        time.sleep(0.15 if later else 0)  # until the access log is written
        logged = connections_in(self.log)
        for approach, request, outcomes, reply, client in later:
            self._judge_bytes(approach, request, outcomes, reply, logged.get((approach.listener, client)))
        counted = self.envoy.stats(r"\.upstream_rq_total$")
        self.comparison.differences += [f"{self.name} {each}" for each in self.copies.unlikely(counted)]

    def outcomes(self, approach: Approach, request: HttpRequest) -> Sequence[ProxyOutcome]:
        """The outcomes that are possible with what the test knows about tokens and authorizers."""
        known = {} if sum(map(ord, request.path)) % 8 == 0 else dict(self._states(request))
        outcomes = self.evaluator.outcomes(approach.connection, structs.replace(request, tokens=known))
        return [o for o in outcomes if o.share and not any("denies the request" in each for each in o.depends_on)]

    def _states(self, request: HttpRequest) -> Iterator[tuple[str, TokenState]]:
        """What is known of the tokens of a request; for some requests, the evaluator is not told."""
        for token in TOKEN.findall(" ".join((request.path, *(value for _, value in request.headers)))):
            yield token, self.scenario.tokens.get(token, TokenState.UNSIGNED)

    def _http(self, approach: Approach, judged: Sequence[tuple[HttpRequest, Sequence[ProxyOutcome]]]) -> None:
        connector = self._connector(approach)
        # A request that the HTTP inspector does not take as HTTP must be the first one of its connection.
        if self._speaks_h2(approach, connector):
            judged = [pair for pair in judged if pair[0].method in METHODS]  # others are not for the echo's HTTP/1.1
            requests = [request for request, _ in judged]
            replies = list(exchanged_h2(connector, requests, "https" if approach.connection.tls else "http"))
            self._judge(approach, judged, replies)
            return
        usual = [pair for pair in judged if is_http1_line(pair[0])]
        odd = [pair for pair in judged if not is_http1_line(pair[0])]
        replies = list(exchanged(connector, [request for request, _ in usual], approach.version))
        for request, _ in odd:
            replies += exchanged(connector, [request], approach.version, 1)
        self._judge(approach, (*usual, *odd), replies)

    def _speaks_h2(self, approach: Approach, connector: Connector) -> bool:
        """What the client and the proxy agree on, else what the client likes."""
        speaks = approach.connection.spoken is Spoken.HTTP2
        if approach.connection.tls is None:
            return speaks
        try:
            with connector() as opened:
                agreed = opened.selected_alpn_protocol() if isinstance(opened, ssl.SSLSocket) else None
                return agreed == "h2" or (speaks and agreed != "http/1.1")
        except OSError:
            return speaks

    def _judge(
        self,
        approach: Approach,
        judged: Sequence[tuple[HttpRequest, Sequence[ProxyOutcome]]],
        replies: Sequence[Reply | None],
    ) -> None:
        for (request, outcomes), reply in zip(judged, replies, strict=True):
            self.comparison.requests += 1
            self.comparison.outcomes[described(outcomes[0]) if outcomes else "none"] += 1
            happened = [agree(outcome, request, reply) for outcome in outcomes]
            self.comparison.shares.add(self.name, outcomes, happened)
            self.copies.add(outcomes)
            if not any(happened):
                self._differ(approach, judgement.explained(request, outcomes, reply))

    def _bytes(
        self, approach: Approach, judged: Sequence[tuple[HttpRequest, Sequence[ProxyOutcome]]]
    ) -> Iterator[tuple[Approach, HttpRequest, Sequence[ProxyOutcome], Reply | None, str]]:
        for request, outcomes in judged:
            connector = self._connector(approach)
            (reply,) = exchanged(connector, [request], approach.version, 1, _data(approach))
            yield approach, request, outcomes, reply, connector.addresses[0] if connector.addresses else ""

    def _judge_bytes(
        self,
        approach: Approach,
        request: HttpRequest,
        outcomes: Sequence[ProxyOutcome],
        reply: Reply | None,
        entry: dict[str, Any] | None,
    ) -> None:
        self.comparison.connections += 1
        self.comparison.outcomes[f"bytes {outcomes[0].flags}"] += 1
        flags = tuple(filter("-".__ne__, entry["flags"].split(","))) if entry else ()
        for outcome in outcomes:
            match outcome.ending:
                case ForwardedBytes():
                    agreed = entry is not None and entry["cluster"] == outcome.cluster
                    agreed = agreed and entry is not None and entry["chain"] == judgement.chain_name(outcome)
                case LocalReply():
                    unread = reply is None and approach.connection.tls is not None and entry is None
                    agreed = unread or (reply is not None and reply.status == outcome.status)
                case _:
                    agreed = reply is None and (entry is None or flags == outcome.flags)
            if agreed:
                return
        wanted = [(o.cluster, o.flags, type(o.ending).__name__) for o in outcomes]
        self._differ(approach, f"{request}\n  envoy     {entry} {reply}\n  simulated {wanted}")

    def _connector(self, approach: Approach) -> Connector:
        port = self.envoy.listener_port(approach.listener) if self._has(approach.listener) else 1
        return Connector(port, approach, self.clients, self.used)

    def _has(self, listener: str) -> bool:
        return any(each.name == listener for each in self.evaluator.resources.listeners)

    def _differ(self, approach: Approach, text: str) -> None:
        self.comparison.differences.append(f"{self.name} {approach}\n{text}")


def _data(approach: Approach) -> bytes:
    """What a client sends that does not speak HTTP."""
    return b"\x00\x01hello\r\n\r\n" if approach.connection.spoken is Spoken.TCP else b""


def has_bytes(outcomes: Sequence[ProxyOutcome], *, has_tls: bool) -> bool:
    """Whether the connection carries no HTTP that the proxy reads, or the client cannot read the reply."""
    return any(is_about_bytes(outcome, has_tls=has_tls) for outcome in outcomes)


def is_about_bytes(outcome: ProxyOutcome, *, has_tls: bool) -> bool:
    match outcome.ending:
        case ForwardedBytes():
            return True
        case ClosedConnection(reason=reason):
            return outcome.stream is None and not reason.startswith("http2")
        case LocalReply(details="http1.codec_error"):
            return has_tls and any(step.name == "HTTP connection manager" for step in outcome.steps)
        case _:
            return False


def described(outcome: ProxyOutcome) -> str:
    return f"{outcome.status} {outcome.ending.details}"[:40] if isinstance(outcome.ending, LocalReply) else "forwarded"


def agree(outcome: ProxyOutcome, request: HttpRequest, reply: Reply | None) -> bool:
    wanted, found = judgement.expected(outcome), judgement.seen(reply)
    if "path" in wanted and "path" not in found and "application/grpc" in dict(request.headers).values():
        # The echo's response to gRPC has no body.
        return reply is not None and reply.header(observation.CLUSTER) == outcome.cluster
    if "authority" in wanted and not is_authority(wanted["authority"]):  # the echo refuses what a route made of it
        return reply is not None and reply.status == 400
    if found.get("details") == REFUSED_UPGRADE and reply is not None:  # by the echo, so the proxy sends its own answer
        cluster = reply.header(observation.CLUSTER)
        return cluster == outcome.cluster and all(wanted.get(key) == found[key] for key in ("route", "chain"))
    if request.method == "HEAD" or is_doubted(outcome):
        keys = ("status", "flags") if "flags" in wanted else ("status",)
        return all(wanted.get(key) == found.get(key) for key in keys)
    return wanted == found


def is_doubted(outcome: ProxyOutcome) -> bool:
    """Whether the details of the reply depend on what is wrong with a token."""
    return isinstance(outcome.ending, LocalReply) and outcome.ending.http_status == 401


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", default="outbound,inbound,gateway")
    parser.add_argument("--each", type=int, default=400, help="requests for each mesh")
    parser.add_argument("--first", action="store_true", help="stop at the first difference")
    parser.add_argument("--show", type=int, default=5, help="how many differences are printed")
    arguments = parser.parse_args()
    world, total = World(), Comparison()
    for kind in arguments.kinds.split(","):
        comparison = Comparison()
        wanted, seed = arguments.requests // len(arguments.kinds.split(",")), arguments.seed
        while comparison.requests < wanted and not (arguments.first and comparison.all_differences):
            compared(kind, seed, arguments.each, world, comparison)
            seed += 1
        print(
            kind,
            comparison.requests,
            "requests,",
            comparison.connections,
            "connections,",
            comparison.refused,
            "refused,",
            end=" ",
        )
        found = comparison.all_differences
        print(len(found), "differences", dict(comparison.outcomes.most_common(25)))
        print(*found[: arguments.show], sep="\n")
        total.differences += found
        if arguments.first and total.differences:
            break
    return bool(total.differences)


if __name__ == "__main__":
    sys.exit(main())
