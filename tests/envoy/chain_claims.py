"""The connections of filter chains against the real Envoy: `python -m tests.envoy.chain_claims --listeners 5000`.

Each random listener has chains with all kinds of criteria. Envoy answers a connection with the index of its chain. It
must be the one whose set of connections has it, and no connection may come to a chain whose set is empty.
"""

from __future__ import annotations

import argparse
import socket
import ssl
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from random import Random
from typing import Any

from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.message import from_json
from meshcompile.spaces import Space, Undecided
from meshcompile.symbolic.addresses import number
from meshcompile.symbolic.chains import FIRST, chain_connections
from tests.envoy.backends import tcp_backend
from tests.envoy.client import plainly_connected
from tests.envoy.remembered import remember_automata
from tests.envoy.runner import running
from tests.envoy.sidecars import PROXY_PROTOCOL

Json = dict[str, Any]
TYPE = "type.googleapis.com/envoy.extensions.filters"
MOST_CHAINS = 7
ANSWERS = (*map(str, range(MOST_CHAINS)), "default")
AT_A_TIME = 100
"""The listeners of one Envoy."""
PORTS, OTHER_PORTS = (80, 443, 9000), (8080, 15006)
DESTINATIONS = ("10.1.0.0/16", "10.1.0.5/32", "10.0.0.0/8", "0.0.0.0/0", "10.1.0.0/24")
ADDRESSES = ("10.1.0.5", "10.1.0.6", "10.1.7.7", "10.9.9.9", "192.168.0.1")
SOURCES = ("127.2.0.0/16", "127.2.0.7/32", "127.0.0.0/8")
CLIENTS = ("127.2.0.7", "127.2.1.1", "127.3.0.1", "1.2.3.4")
NAMES = ("a.example", "*.a.example", "b.a.example", "*.example", "c.example")
CALLED = ("a.example", "b.a.example", "x.a.example", "y.x.a.example", "c.example", "z.example", "example", "org", "")
PROTOCOLS = ("h2", "http/1.1", "istio", "h2c", "http/1.0")
OFFERED: tuple[tuple[str, ...], ...] = ((), ("h2", "http/1.1"), ("http/1.1",), ("istio",), ("istio", "h2"), ("x",))
SOURCE_PORTS = (40000, 40001)
PLAIN: Mapping[str, bytes] = {
    "http/1.1": b"GET / HTTP/1.1\r\nhost: a\r\n\r\n",
    "http/1.0": b"GET / HTTP/1.0\r\n\r\n",
    "h2c": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "": b"\x00\x01hello\r\n\r\n",
}
"""What a client in plain text says, by what the inspector of HTTP calls it."""
NO_CHAIN = ""


@dataclass(slots=True)
class ChainTally:
    """The listeners and connections so far, and what Envoy does otherwise."""

    listeners: int = 0
    undecided: int = 0
    connections: int = 0
    chains: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Client:
    """A connection. `spoken` is the protocol of one without TLS, and `offered` those of one with it."""

    port: int
    destination: str
    source: str
    source_port: int
    sni: str | None
    offered: tuple[str, ...]
    spoken: str

    @property
    def data(self) -> bytes:
        """What the client says."""
        header = f"PROXY TCP4 {self.source} {self.destination} {self.source_port} {self.port}\r\n".encode()
        return header + (PLAIN[self.spoken] if self.sni is None else client_hello(self.sni, self.offered))

    def dimensions(self, asked: set[str]) -> Json:
        """The connection by dimension; `asked` are those of the listener."""
        protocols = self.offered if self.sni is not None else (self.spoken,)
        first = {
            name: next((each for each in protocols if each in name.removeprefix(FIRST).split(",")), None)
            for name in asked
            if name.startswith(FIRST)
        }
        plain = {"port": self.port, "source_port": self.source_port, "tls": self.sni is not None, "sni": self.sni or ""}
        return {**plain, "destination": number(self.destination), "source": number(self.source), **first}


@cache
def client_hello(sni: str, offered: tuple[str, ...]) -> bytes:
    """The first bytes of a TLS client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if offered:
        context.set_alpn_protocols(list(offered))
    sent = ssl.MemoryBIO()
    try:
        context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname=sni or None).do_handshake()
    except ssl.SSLWantReadError:
        return sent.read()
    raise AssertionError("a handshake without a server")


def random_listener(random: Random) -> Json:
    """A listener with a few chains, none of which matches just what another one does."""
    chains: list[Json] = []
    taken: set[tuple[Any, ...]] = set()
    for _ in range(random.randint(2, MOST_CHAINS)):
        match = random_match(random)
        combinations = set(product(*(match.get(name, (None,)) for name in LISTS), *_single(match)))
        if taken.isdisjoint(combinations):
            taken |= combinations
            chains.append({"filterChainMatch": _plain(match)})
    default: Json = {"defaultFilterChain": {}} if random.random() < 0.5 else {}
    return {"listenerFilters": list(_inspectors(random)), "filterChains": chains, **default}


LISTS = ("prefixRanges", "serverNames", "applicationProtocols", "sourcePrefixRanges", "sourcePorts")


def random_match(random: Random) -> Json:
    """Some criteria of a filter chain. Address ranges are texts."""
    return {
        **({"destinationPort": random.choice(PORTS)} if random.random() < 0.4 else {}),
        **({"transportProtocol": random.choice(("tls", "tls", "raw_buffer"))} if random.random() < 0.5 else {}),
        **_some(random, "prefixRanges", DESTINATIONS, 0.4),
        **_some(random, "serverNames", NAMES, 0.4),
        **_some(random, "applicationProtocols", PROTOCOLS, 0.4),
        **_some(random, "sourcePrefixRanges", SOURCES, 0.3),
        **_some(random, "sourcePorts", SOURCE_PORTS, 0.1),
    }


def _some(random: Random, name: str, values: Sequence[Any], share: float) -> Json:
    return {name: tuple(random.sample(values, random.choice((1, 1, 2))))} if random.random() < share else {}


def _single(match: Json) -> tuple[tuple[Any], tuple[Any]]:
    return (match.get("destinationPort"),), (match.get("transportProtocol"),)


def _plain(match: Json) -> Json:
    """The match with its address ranges in parts."""
    return {name: [_range(each) for each in v] if "Ranges" in name else v for name, v in match.items()}


def _range(text: str) -> Json:
    address, _, length = text.partition("/")
    return {"addressPrefix": address, "prefixLen": int(length)}


def _inspectors(random: Random) -> Iterator[Json]:
    for name, kind in (("tls", "tls_inspector.v3.TlsInspector"), ("http", "http_inspector.v3.HttpInspector")):
        if random.random() < 0.85:
            off = {"destinationPortRange": {"start": 443, "end": random.choice((444, 9001))}}
            disabled = {"filterDisabled": off} if random.random() < 0.2 else {}
            yield {"name": name, "typedConfig": {"@type": f"{TYPE}.listener.{kind}"}, **disabled}


def served(name: str, listener: Json) -> Json:
    """The listener on a free port, with chains that answer with their indexes."""
    chains = [_answering(each, str(index)) for index, each in enumerate(listener["filterChains"])]
    default = {"defaultFilterChain": _answering({}, "default")} if "defaultFilterChain" in listener else {}
    address = {"socketAddress": {"address": "127.0.0.1", "portValue": 0}}
    filters = [PROXY_PROTOCOL, *listener["listenerFilters"]]
    return {"name": name, "address": address, "listenerFilters": filters, "filterChains": chains, **default}


def _answering(chain: Json, text: str) -> Json:
    """The chain with a proxy to the server that says its index."""
    config = {"@type": f"{TYPE}.network.tcp_proxy.v3.TcpProxy", "statPrefix": text, "cluster": text}
    return {**chain, "name": text, "filters": [{"name": "answer", "typedConfig": config}]}


@contextmanager
def chain_oracle(listeners: Sequence[Json]) -> Iterator[Mapping[str, int]]:
    """The ports of these listeners in an Envoy, by name, with a server for each chain that says its index."""
    with ExitStack() as stack:
        servers = {text: stack.enter_context(tcp_backend(f"{text}\n".encode())) for text in ANSWERS}
        clusters = [_cluster(text, port) for text, port in servers.items()]
        resources = {"listeners": listeners, "clusters": clusters}
        envoy = stack.enter_context(
            running({"node": {"id": "oracle", "cluster": "oracle"}, "staticResources": resources})
        )
        yield envoy.listener_ports()
        assert envoy.live, "Envoy ended"


def _cluster(text: str, port: int) -> Json:
    address = {"socketAddress": {"address": "127.0.0.1", "portValue": port}}
    endpoints = [{"lbEndpoints": [{"endpoint": {"address": address}}]}]
    return {"name": text, "loadAssignment": {"clusterName": text, "endpoints": endpoints}}


@dataclass(frozen=True, slots=True)
class AskedListener:
    """A listener, and the connections of each chain, by the answer that Envoy gives for it."""

    listener: Json
    spaces: Mapping[str, Space]

    @property
    def dimensions(self) -> set[str]:
        return {name for each in self.spaces.values() for cube in each.cubes for name, _ in cube.conditions}

    def expected(self, client: Client) -> list[str]:
        """The chains whose sets have a connection: one."""
        seen = client.dimensions(self.dimensions)
        return [answer for answer, space in self.spaces.items() if space.accepts(seen)]


def asked_listener(random: Random) -> AskedListener | None:
    """A random listener; None for one whose chains cannot be expressed."""
    listener = random_listener(random)
    try:
        found = chain_connections(from_json(Listener, {"name": "asked", **listener}))
    except Undecided:
        return None
    last = "default" if "defaultFilterChain" in listener else NO_CHAIN
    answers = (*map(str, range(len(listener["filterChains"]))), last)
    return AskedListener(listener, {a: each.connections for a, each in zip(answers, found, strict=True)})


def client_of(random: Random, match: Json) -> Client:
    """A connection that meets most criteria of a chain."""

    def near(values: Sequence[Any], *, named: Sequence[Any]) -> Any:
        return random.choice(named if named and random.random() < 0.8 else values)

    inside = [_inside(random, each) for each in match.get("prefixRanges", ())]
    sources = [_inside(random, each) for each in match.get("sourcePrefixRanges", ())]
    names = [
        random.choice(("x", "y.x")) + each[1:] if each[0] == "*" else each for each in match.get("serverNames", ())
    ]
    protocols = match.get("applicationProtocols", ())
    wants_tls = match.get("transportProtocol") == "tls" or bool(names)
    has_tls = wants_tls if random.random() < 0.85 else random.random() < 0.5
    return Client(
        port=near((*PORTS, *OTHER_PORTS), named=[match["destinationPort"]] if "destinationPort" in match else ()),
        destination=near(ADDRESSES, named=inside),
        source=near(CLIENTS, named=sources),
        source_port=near((*SOURCE_PORTS, 50000), named=match.get("sourcePorts", ())),
        sni=near(CALLED, named=names) if has_tls else None,
        offered=near(OFFERED, named=[(each,) for each in protocols]),
        spoken=near(tuple(PLAIN), named=[each for each in protocols if each in PLAIN]),
    )


def _inside(random: Random, cidr: Json) -> str:
    first = cidr["addressPrefix"].split(".")
    kept = cidr["prefixLen"] // 8
    more = ("0", "5", "7", "9") if kept else ("10", "127")
    return ".".join((*first[:kept], *(random.choice(more) for _ in range(4 - kept))))


def answer(port: int, client: Client) -> str:
    """The chain that Envoy takes for a connection: what it answers."""
    with plainly_connected(port, "127.0.0.1") as connection:
        received = b""
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(client.data)
            while b"\n" not in received and (part := connection.recv(4096)):
                received += part
        except ConnectionError:
            pass
        return received.partition(b"\n")[0].decode()


def judge_listeners(seeds: Sequence[int], count: int, tally: ChainTally) -> None:
    """Judge the listeners of some seeds, with `count` connections for each chain."""
    found = {seed: asked_listener(Random(f"chains {seed}")) for seed in seeds}
    asked = {seed: each for seed, each in found.items() if each is not None}
    tally.undecided += len(found) - len(asked)
    listeners = [served(str(seed), each.listener) for seed, each in asked.items()]
    with chain_oracle(listeners) as ports:
        for seed, each in asked.items():
            tally.listeners += 1
            tally.chains.update("empty" if space.is_empty else "some" for space in each.spaces.values())
            problems = _judged(each, ports[str(seed)], Random(f"clients {seed}"), count, tally)
            tally.problems += [f"--seed {seed}: {text}\n{each.listener}" for text in problems]


def _judged(asked: AskedListener, port: int, random: Random, count: int, tally: ChainTally) -> Iterator[str]:
    for chain in asked.listener["filterChains"]:
        for _ in range(count):
            client = client_of(random, chain["filterChainMatch"])
            expected, found = asked.expected(client), answer(port, client)
            tally.connections += 1
            if expected != [found]:
                yield f"{expected} should take what {found!r} takes: {client}"


def main() -> int:
    """Judge random listeners, and print what Envoy does otherwise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listeners", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first one; a run can go on from any")
    parser.add_argument("--each", type=int, default=20, help="connections for each chain")
    parser.add_argument("--show", type=int, default=3, help="how many problems are printed")
    arguments = parser.parse_args()
    remember_automata()
    tally, started = ChainTally(), time.monotonic()
    last = arguments.seed + arguments.listeners
    for first in range(arguments.seed, last, AT_A_TIME):
        before = len(tally.problems)
        judge_listeners(range(first, min(first + AT_A_TIME, last)), arguments.each, tally)
        print(*tally.problems[before:][: arguments.show], sep="\n", end="\n" if len(tally.problems) > before else "")
        print(f"{summary(tally)}, {time.monotonic() - started:.0f} s", flush=True)
    return bool(tally.problems)


def summary(tally: ChainTally) -> str:
    """The figures of a run in one line."""
    listeners = f"{tally.listeners} listeners, {tally.undecided} others undecided"
    chains = f"{tally.chains['empty']} chains without connections, {tally.chains['some']} with some"
    return f"{listeners}, {tally.connections} connections, {chains}, {len(tally.problems)} problems"


if __name__ == "__main__":
    sys.exit(main())
