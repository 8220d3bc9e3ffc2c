"""The evaluator of requests on istiod's own configuration of the conformance cases."""

from __future__ import annotations

import json
from collections import Counter
from random import Random

from meshcompile.simulate import Capture, ClientHello, DownstreamConnection, HttpRequest, ProxyEvaluator, Spoken
from tests.conformance.corpus import cases_dir
from tests.resources import TYPES, resources

SEED = 20240104
PROXIES = 150


def test_every_configuration_of_istiod_can_be_evaluated() -> None:
    """Connections and requests to all listeners have outcomes, and their shares add up to 1 for each condition."""
    random = Random(SEED)
    nodes = sorted(cases_dir().glob("*/*/istiod/*/node.json"))
    outcomes = 0
    for node in random.sample(nodes, PROXIES):
        files = {kind: node.parent / f"{kind}.json" for kind in TYPES}
        sent = resources(**{k: json.loads(f.read_text()) if f.exists() else [] for k, f in files.items()})
        evaluator = ProxyEvaluator(sent)
        hosts = [d.replace("*", "x") for t in sent.routes for v in t.virtual_hosts for d in v.domains] or ["x"]
        for listener in sent.listeners:
            socket = listener.address.socket_address if listener.address else None
            for capture in Capture:
                connection = DownstreamConnection(
                    destination=socket.address if socket else "10.0.0.1",
                    port=(socket.port_value or 80) if socket else 80,
                    capture=capture,
                    spoken=random.choice(list(Spoken)),
                    tls=random.choice((None, ClientHello(sni="a.example.com", alpn=("istio-http/1.1", "istio")))),
                    listener="" if socket else listener.name,
                )
                shares: Counter[tuple[str, ...]] = Counter()
                for outcome in evaluator.outcomes(connection, HttpRequest(authority=random.choice(hosts))):
                    shares[outcome.depends_on] += outcome.share  # type: ignore[assignment]
                    outcomes += 1
                assert set(shares.values()) == {1}
    assert outcomes > 1500
