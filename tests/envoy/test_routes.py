"""Routes of random VirtualServices in the real Envoy, compared with the rules of the VirtualServices."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

import meshcompile
from tests.envoy import generated_routes
from tests.envoy.connections import Reply
from tests.envoy.reference_routes import (
    Answered,
    Destination,
    Forwarded,
    Outcome,
    Pairs,
    PassedThrough,
    Reference,
    Request,
    Sender,
)
from tests.envoy.route_oracle import UPSTREAM_RESPONSE, arrived, route_oracle
from tests.meshes import gateway, sidecar

pytestmark = pytest.mark.envoy

SEED = 20240101
MESHES = 100
REQUESTS = 67  # for each sender in each mesh
PASSTHROUGH = "PassthroughCluster"
WATCHED = generated_routes.HEADERS


@pytest.mark.slow
def test_requests_go_where_the_virtual_services_say() -> None:
    """Every request to a compiled route table is handled as the VirtualServices say."""
    random = Random(SEED)
    outcomes: Counter[str] = Counter()
    with route_oracle() as oracle:
        for objects in (generated_routes.objects(random) for _ in range(MESHES)):
            for sender, table in tables(objects):
                requests = generated_routes.requests(random, objects, REQUESTS)
                reference = Reference(objects, sender, UPSTREAM_RESPONSE)
                oracle.load(table)
                for request, reply in zip(requests, oracle.replies(requests), strict=True):
                    expected = reference.outcome(request)
                    outcomes[type(expected).__name__] += 1
                    observed = seen(reply)
                    if (wanted := shown(request, expected, observed.get("chosen"))) != observed:
                        pytest.fail(explained(objects, sender, request, wanted, observed))
    assert outcomes.total() >= 20_000
    assert min(outcomes[kind.__name__] for kind in (Forwarded, Answered, PassedThrough)) > 1000


def tables(objects: Sequence[Any]) -> list[tuple[Sender, dict[str, Any]]]:
    """The compiled route table of each sender."""
    mesh = meshcompile.load("\n---\n".join(map(json.dumps, objects)))
    refused = [d for d in mesh.diagnostics if d.severity is meshcompile.Severity.ERROR]
    assert not refused, refused
    return [(sender, table(mesh, sender)) for sender in generated_routes.SENDERS]


def table(mesh: meshcompile.Mesh, sender: Sender) -> dict[str, Any]:
    make = sidecar if sender.gateway == "mesh" else gateway
    name = str(sender.port) if sender.gateway == "mesh" else f"http.{sender.port}"
    compiled = mesh.compile(make(namespace=sender.namespace, labels=sender.labels))
    return next(t for t in compiled.to_dict()["routes"] if t["name"] == name)


def seen(reply: Reply) -> dict[str, Any]:
    """The result of a request, as far as rules can change it."""
    response = {"response headers": watched(reply.headers), "origin": reply.header("access-control-allow-origin")}
    got = arrived(reply)
    if got is None:
        answer = {"status": reply.status, "body": reply.body, "location": reply.header("location")}
        return answer | response
    return {
        "clusters": {destination(name): weight for name, weight in got.clusters},
        "mirrors": {destination(name) for name in got.mirrors},
        "chosen": destination(got.chosen),
        "path": got.header(":path"),
        "authority": got.header(":authority"),
        "request headers": watched(got.headers),
    } | response


def shown(request: Request, outcome: Outcome, chosen: Destination | str | None) -> dict[str, Any]:
    """The expected result in the same form. With several destinations, it is the result for the chosen one."""
    match outcome:
        case Answered():
            return {
                "status": outcome.status,
                "body": outcome.body,
                "location": outcome.location,
                "response headers": watched(outcome.response_headers),
                "origin": outcome.allowed_origin,
            }
        case Forwarded():
            arrival = outcome.arrivals.get(chosen) if isinstance(chosen, Destination) else None
            to = {"clusters": {d: a.weight for d, a in outcome.arrivals.items()}, "mirrors": set(outcome.mirrors)}
            return (
                to
                if arrival is None
                else to
                | {
                    "chosen": chosen,
                    "path": arrival.path,
                    "authority": arrival.authority,
                    "request headers": watched(arrival.request_headers),
                    "response headers": watched(arrival.response_headers),
                    "origin": outcome.allowed_origin,
                }
            )
        case PassedThrough():
            return {
                "clusters": {PASSTHROUGH: 100},
                "mirrors": set(),
                "chosen": PASSTHROUGH,
                "path": request.path + request.query,
                "authority": request.authority,
                "request headers": watched(request.headers),
                "response headers": watched(UPSTREAM_RESPONSE),
                "origin": "",
            }


def watched(headers: Pairs) -> dict[str, list[str]]:
    """The values of the headers that rules change, in order, by name."""
    return {name: values for name in WATCHED if (values := [v for key, v in headers if key == name])}


def destination(cluster: str) -> Destination | str:
    """The destination in the name of a cluster; the name itself for clusters that Istio adds."""
    match cluster.split("|"):
        case ["outbound", port, subset, host]:
            return Destination(host, subset, int(port))
        case _:
            return cluster


def explained(
    objects: Sequence[Any], sender: Sender, request: Request, wanted: dict[str, Any], observed: dict[str, Any]
) -> str:
    rules = "\n---\n".join(json.dumps(o, indent=1) for o in objects if o["kind"] in ("Gateway", "VirtualService"))
    return f"{rules}\n{sender}\n{request}\nwanted:   {wanted}\nobserved: {observed}"
