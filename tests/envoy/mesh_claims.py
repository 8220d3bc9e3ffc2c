"""Differences of random meshes against the real Envoy: `python -m tests.envoy.mesh_claims --pairs 5000`.

Each pair is a random mesh and an edited one. Both configurations of one proxy run in Envoys. Where `diff` proves that
nothing differs, no request may be handled differently, and a witness must end as said on both sides.
"""

from __future__ import annotations

import argparse
import copy
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from msgspec import structs

import meshcompile
from meshcompile.compare.pairs import ConfigPair
from meshcompile.compare.proxy_diff import BehaviourChange, ProxyDiff, proxy_diff
from meshcompile.compare.sharing import sharing
from meshcompile.compare.tokens import good_token
from meshcompile.simulate import DownstreamConnection, HttpRequest, Spoken
from meshcompile.simulate.http_syntax import METHODS
from tests.envoy import judgement
from tests.envoy.client import plainly_connected
from tests.envoy.connections import Reply
from tests.envoy.exchanges import exchanged
from tests.envoy.generated_policies import IDENTITY
from tests.envoy.generated_scenarios import KINDS, Approach, Object, Scenario, World
from tests.envoy.http2 import exchanged_h2
from tests.envoy.observation import observed_bootstrap
from tests.envoy.remembered import remember_automata
from tests.envoy.runner import Envoy, EnvoyError, on_free_ports, running
from tests.envoy.sidecars import PROXY_PROTOCOL, documents, read_by_header, workload_certificates
from tests.envoy.simulated import Clients

AGAIN = (60, 2000)
"""How often a request is sent again to see whether its outcome depends on chance, of which few have rare outcomes."""
EDITED = ("VirtualService", "AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication", "DestinationRule")
CONNECTIONS = r"^cluster\..*\.upstream_cx_total$"
UNREAD = "http1.codec_error"
"""A reply in plain text to a client with TLS, which it does not understand."""
BYTES = b"\x00\x01hello\r\n\r\n"
"""What a client sends that does not speak HTTP."""
NOT_COMPARED = frozenset(("route", "chain", "details"))


@dataclass(slots=True)
class PairTally:
    """The pairs so far, what was said about them, and what Envoy does otherwise."""

    pairs: int = 0
    requests: int = 0
    said: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def edited(random: Random, objects: Sequence[Object]) -> list[Object]:
    """The objects after an edit of one or two of them."""
    made = copy.deepcopy(list(objects))
    for _ in range(random.choice((1, 1, 2))):
        chosen = [each for each in made if each["kind"] in EDITED]
        if not chosen:
            break
        _edit(random, random.choice(chosen), made)
    return made


def _edit(random: Random, each: Object, made: list[Object]) -> None:
    spec = each["spec"]
    rules = spec.get("http") or spec.get("rules") or spec.get("subsets")
    if random.random() < 0.1 and each["kind"] not in ("DestinationRule",):
        made.remove(each)
    elif each["kind"] == "PeerAuthentication":
        spec["mtls"] = {"mode": random.choice(("STRICT", "PERMISSIVE", "DISABLE"))}
    elif rules and each["kind"] != "DestinationRule" and random.random() < 0.25:
        _add_unneeded(random, rules)
    elif rules and len(rules) > 1 and random.random() < 0.6:
        at, to = random.randrange(len(rules)), random.randrange(len(rules))
        if random.random() < 0.5:
            rules[at], rules[to] = rules[to], rules[at]
        else:
            del rules[at]
    elif each["kind"] == "AuthorizationPolicy" and spec.get("action") in (None, "ALLOW", "DENY"):
        spec["action"] = "DENY" if spec.get("action") != "DENY" else "ALLOW"
    elif rules and each["kind"] == "VirtualService":
        rules.insert(0, copy.deepcopy(random.choice(rules)))
        rules[0].pop("name", None)
        rules[0]["timeout"] = "7s" if "route" in rules[0] else None
        if rules[0]["timeout"] is None:
            del rules[0]["timeout"]


def _add_unneeded(random: Random, rules: list[Object]) -> None:
    """Double a rule of a VirtualService or a policy, somewhere behind it: the second one decides nothing."""
    at = random.randrange(len(rules))
    double = {name: value for name, value in rules[at].items() if name != "name"}
    rules.insert(random.randint(at + 1, len(rules)), copy.deepcopy(double))


@dataclass(frozen=True, slots=True)
class Side:
    """One Envoy of a pair."""

    envoy: Envoy
    clients: Clients
    ports: Mapping[str, int]
    """The ports of the listeners."""

    def replies(self, approach: Approach, requests: Sequence[HttpRequest]) -> list[Reply | None]:
        """The reply to each request."""
        if approach.connection.spoken is Spoken.TCP:
            return list(exchanged(lambda: self._connected(approach), requests, data=BYTES))
        if approach.connection.spoken is Spoken.HTTP2:
            return list(exchanged_h2(lambda: self._connected(approach), requests, "http"))
        return list(exchanged(lambda: self._connected(approach), requests, approach.version))

    def receivers(self, approach: Approach, request: HttpRequest) -> tuple[Reply | None, frozenset[str]]:
        """The reply to a request, and the clusters that were connected to because of it."""
        before = self.envoy.stats(CONNECTIONS)
        (reply,) = self.replies(approach, [request])
        risen = (name for name, count in self.envoy.stats(CONNECTIONS).items() if count > before.get(name, 0))
        return reply, frozenset(name.removeprefix("cluster.").removesuffix(".upstream_cx_total") for name in risen)

    def _connected(self, approach: Approach) -> socket.socket:
        seen = approach.connection
        port = self.ports.get(approach.listener, 1)
        # Envoy asks for the peer of the socket, too, whatever the PROXY header says.
        connection = plainly_connected(port, seen.source if seen.source.startswith("127.") else "127.0.0.1")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        family = "TCP6" if ":" in seen.destination else "TCP4"
        source = "::1" if family == "TCP6" else seen.source
        connection.sendall(f"PROXY {family} {source} {seen.destination} {seen.source_port} {seen.port}\r\n".encode())
        if seen.tls is None:
            return connection
        context = self.clients.context(approach.client, seen.tls.alpn)
        try:
            return context.wrap_socket(connection, server_hostname=seen.tls.sni or None)
        except OSError:
            connection.close()
            raise


def is_http(approach: Approach) -> bool:
    """Whether the client speaks HTTP, and with TLS HTTP/1."""
    seen = approach.connection
    if seen.spoken is Spoken.HTTP2:
        return seen.tls is None
    return seen.spoken in (Spoken.HTTP10, Spoken.HTTP11) and (seen.tls is None or "h2" not in seen.tls.alpn)


def judge_pair(kind: str, seed: int, count: int, world: World, tally: PairTally) -> None:
    """Judge one pair."""
    random = Random(f"pair {kind} {seed}")
    scenario = KINDS[kind](random, world)
    objects = edited(random, scenario.objects)
    meshes = [
        meshcompile.load(documents(*each), mesh_config=scenario.mesh_config) for each in (scenario.objects, objects)
    ]
    if any(d.severity is meshcompile.Severity.ERROR for mesh in meshes for d in mesh.diagnostics):
        tally.said["invalid"] += 1
        return
    later = sharing(*meshes).mesh
    configs = meshes[0].compile(scenario.proxy), later.compile(scenario.proxy)
    pair = ConfigPair(*configs)
    found = proxy_diff(pair, tuple(IDENTITY.format(name) for name in ("client", "thief")))
    tally.pairs += 1
    tally.said[said(found, pair)] += 1
    if not pair.changed or (found.undecided and not found.behaviour):
        return
    name = f"--kinds {kind} --seed {seed}"
    with tempfile.TemporaryDirectory(prefix="pair-") as folder, ExitStack() as stack:
        clients = Clients(world.authority, Path(folder))
        try:
            sides = [
                _side(stack, config, scenario, clients, world, Path(folder) / str(i))
                for i, config in enumerate(configs)
            ]
        except EnvoyError as error:
            if "[critical]" not in str(error):
                raise
            tally.said["refused"] += 1
            return
        if not found.behaviour and not found.undecided:
            tally.problems += [f"{name}: {each}" for each in _contradictions(random, scenario, sides, count, tally)]
        for change in found.behaviour:
            tally.problems += [f"{name}: {each}" for each in _false_witness(change, sides, world, tally)]


def said(found: ProxyDiff, pair: ConfigPair) -> str:
    """What is said about a pair, in a word or two."""
    if not pair.changed:
        return "equal"
    return "changed" if found.behaviour else "unknown" if found.undecided else "none, proved"


def _side(
    stack: ExitStack, config: meshcompile.Config, scenario: Scenario, clients: Clients, world: World, own: Path
) -> Side:
    bootstrap = scenario_bootstrap(config, scenario, world, own)
    return running_side(stack, bootstrap, clients)


def scenario_bootstrap(config: meshcompile.Config, scenario: Scenario, world: World, own: Path) -> dict[str, Any]:
    """The bootstrap of the proxy of a scenario, with observable decisions. `own` is the folder of its files."""
    workload_certificates(own, world.authority, IDENTITY.format("web"))
    content = config.bootstrap(workload_certificates=str(own)).to_dict()
    bootstrap = on_free_ports(content if scenario.is_gateway else read_by_header(content))
    if scenario.is_gateway:
        for listener in bootstrap["staticResources"]["listeners"]:
            listener["listenerFilters"] = [PROXY_PROTOCOL, *listener.get("listenerFilters", ())]
    return observed_bootstrap(bootstrap, own / "access.log")


def running_side(stack: ExitStack, bootstrap: dict[str, Any], clients: Clients) -> Side:
    """An Envoy with a bootstrap, until the stack ends."""
    envoy = stack.enter_context(running(bootstrap))
    return Side(envoy, clients, envoy.listener_ports())


def outcome(reply: Reply | None) -> Mapping[str, Any]:
    """What Envoy did, without the places in its configuration."""
    return {key: value for key, value in judgement.seen(reply).items() if key not in NOT_COMPARED}


def _contradictions(
    random: Random, scenario: Scenario, sides: Sequence[Side], count: int, tally: PairTally
) -> Iterator[str]:
    """Requests that are handled differently, although nothing is said to differ."""
    approaches = [each for each in scenario.approaches if is_http(each)]
    for approach in approaches:
        requests = [scenario.request(random) for _ in range(count // len(approaches))]
        replies = [side.replies(approach, requests) for side in sides]
        tally.requests += 2 * len(requests)
        for request, before, after in zip(requests, *replies, strict=True):
            if outcome(before) != outcome(after) and _always_differ(approach, request, sides):
                yield f"nothing differs, and {request} by {approach}\n  {outcome(before)}\n  {outcome(after)}"


def _always_differ(approach: Approach, request: HttpRequest, sides: Sequence[Side]) -> bool:
    for times in AGAIN:
        was, now = ({repr(outcome(each)) for each in side.replies(approach, [request] * times)} for side in sides)
        if was == now:
            return False
    return True


def _false_witness(change: BehaviourChange, sides: Sequence[Side], world: World, tally: PairTally) -> Iterator[str]:
    connection = change.probe.connection
    request = _signed(change.probe.request or HttpRequest(), world)
    approach = Approach(connection, listener_of(connection), _client(connection))
    is_bytes = change.probe.request is None
    if request is None or request.method not in METHODS or not (is_bytes or is_http(approach)):
        tally.said["witness not sent"] += 1
        return
    tally.said["witness"] += 1
    for side in sides if "://" in approach.client else ():
        side.clients.know(approach.client)
    for side, effect in zip(sides, (change.before, change.after), strict=True):
        tally.requests += 1
        reply, receivers = side.receivers(approach, request)
        agrees = _is_forwarded if is_bytes else _is
        if not any(agrees(each, reply, receivers) for each in effect.outcomes):
            yield f"the witness {request} of {change.requests} by {connection}\n  {effect.outcomes}\n  {outcome(reply)}"


def _signed(request: HttpRequest, world: World) -> HttpRequest | None:
    """The request with a real token instead of one without a signature; None if its issuer is unknown."""
    if request.claims is None:
        return request
    text = good_token(request.claims)
    issuer = next((each for each in world.issuers if each.name == request.claims.get("iss")), None)
    if issuer is None or text not in repr((request.path, request.headers)):
        return None
    token = issuer.token(**request.claims)
    headers = tuple((name, value.replace(text, token)) for name, value in request.headers)
    return structs.replace(request, path=request.path.replace(text, token), headers=headers, claims=None)


def _is_forwarded(claimed: Mapping[str, Any], reply: Reply | None, receivers: frozenset[str]) -> bool:
    """Whether bytes went where it is claimed, or Envoy answers them itself, as bad HTTP.

    The servers of these tests answer them as bad HTTP, too, and in TLS not at all.
    """
    if claimed["status"] is None:
        return reply is None
    if "cluster" in claimed:
        return claimed["cluster"] in receivers
    return reply is not None and reply.status == claimed["status"]


def _client(connection: DownstreamConnection) -> str:
    """The identity of the client, as approaches name it."""
    if connection.tls is None:
        return ""
    certificate = connection.tls.certificate
    return certificate.uris[0] if certificate is not None else "nobody"


def listener_of(connection: DownstreamConnection) -> str:
    """The listener that is connected to."""
    match connection.capture.name:
        case "OUTBOUND":
            return "virtualOutbound"
        case "INBOUND":
            return "virtualInbound"
        case _:
            return f"0.0.0.0_{connection.port}"


def _is(claimed: Mapping[str, Any], reply: Reply | None, receivers: frozenset[str]) -> bool:
    """Whether a reply is what is claimed.

    The servers of these tests do not speak TLS. So if Envoy forwards the bytes of TLS to one, there is no reply.
    """
    if claimed["status"] is None:
        return reply is None
    if reply is None:
        return claimed.get("details") == UNREAD or claimed.get("cluster") in receivers
    found = judgement.seen(reply)
    if "cluster" in claimed:
        return bool(found.get("cluster") == claimed["cluster"])
    return bool(reply.status == claimed["status"] and found.get("location", "") == claimed.get("location", ""))


def main() -> int:
    """Judge random pairs, and print what Envoy does otherwise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first pair; a run can go on from any")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument(
        "--each", type=int, default=200, help="requests for each pair of which nothing is said to differ"
    )
    parser.add_argument("--show", type=int, default=5, help="how many problems are printed")
    arguments = parser.parse_args()
    remember_automata()
    world, tally, started = World(), PairTally(), time.monotonic()
    kinds = arguments.kinds.split(",")
    for number in range(arguments.pairs):
        before = len(tally.problems)
        judge_pair(kinds[number % len(kinds)], arguments.seed + number // len(kinds), arguments.each, world, tally)
        print(*tally.problems[before:][: arguments.show], sep="\n", end="\n" if len(tally.problems) > before else "")
        if number % 50 == 49 or number + 1 == arguments.pairs:
            print(f"{summary(tally)}, {time.monotonic() - started:.0f} s", flush=True)
    return bool(tally.problems)


def summary(tally: PairTally) -> str:
    """The figures of a run in one line."""
    said = ", ".join(f"{count} {name}" for name, count in tally.said.most_common())
    return f"{tally.pairs} pairs, {tally.requests} requests, {said}, {len(tally.problems)} problems"


if __name__ == "__main__":
    sys.exit(main())
