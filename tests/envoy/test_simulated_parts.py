"""Parts of the evaluator that random meshes do not reach, judged by the real Envoy with messages made by hand."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from math import sqrt
from pathlib import Path
from random import Random
from typing import Any

import pytest

from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.message import from_json
from meshcompile.simulate import DownstreamConnection, ForwardedBytes, HttpRequest, ProxyEvaluator
from meshcompile.simulate.cluster import ClusterIndex
from tests.envoy.client import connected
from tests.envoy.exchanges import exchanged
from tests.envoy.observation import TYPE, access_log, connections_in, echo_listener
from tests.envoy.runner import Envoy, running
from tests.envoy.sidecars import PROXY_PROTOCOL

pytestmark = pytest.mark.envoy

Json = dict[str, Any]
SEED = 20240103
CONNECTION = DownstreamConnection(destination="127.0.0.1", port=80)
INTERNAL = {
    "name": "envoy.bootstrap.internal_listener",
    "typedConfig": {"@type": f"{TYPE}.bootstrap.internal_listener.v3.InternalListener"},
}


class HandMade:
    """The resources of a proxy from JSON."""

    def __init__(self, listeners: Sequence[Json], clusters: Sequence[Json]) -> None:
        self.listeners = tuple(from_json(Listener, each) for each in listeners)
        self.clusters = tuple(from_json(Cluster, each) for each in clusters)
        self.routes, self.endpoints, self.extensions = (), (), ()


@contextmanager
def serving(listeners: Sequence[Json], clusters: Sequence[Json]) -> Iterator[Envoy]:
    bootstrap = {
        "node": {"id": "test", "cluster": "test"},
        "bootstrapExtensions": [INTERNAL],
        "staticResources": {"listeners": [*listeners, echo_listener()], "clusters": list(clusters)},
    }
    with running(bootstrap) as envoy:
        yield envoy


def echoing(name: str, *endpoints: Json, **more: Any) -> Json:
    return {"name": name, "loadAssignment": {"clusterName": name, "endpoints": list(endpoints)}, **more}


def endpoint(name: str, **more: Any) -> Json:
    address = {"envoyInternalAddress": {"serverListenerName": "echo", "endpointId": name}}
    return {"endpoint": {"address": address}, **more}


def random_cluster(random: Random, name: str) -> Json:
    """A cluster with localities, priorities, health and weights."""
    by_locality = random.random() < 0.5
    localities, number = [], 0
    for index, priority in enumerate(random.choice(((0,), (0, 0), (0, 1), (0, 0, 1), (0, 1, 2)))):
        endpoints = []
        for _ in range(random.randint(1, 4)):
            health = random.choice(("HEALTHY", "UNKNOWN", "UNHEALTHY", "DRAINING"))
            weight = {"loadBalancingWeight": random.randint(1, 3)} if random.random() < 0.5 else {}
            endpoints.append(endpoint(f"e{number}", healthStatus=health, **weight))
            number += 1
        locality = {"region": f"r{index}"}
        weighted = {"loadBalancingWeight": random.randint(1, 3)} if by_locality else {}
        localities.append({"locality": locality, "priority": priority, "lbEndpoints": endpoints, **weighted})
    config: Json = {"localityWeightedLbConfig": {}} if by_locality else {}
    if random.random() < 0.5:
        config["healthyPanicThreshold"] = {"value": random.choice((0, 20, 80))}
    return echoing(name, *localities, commonLbConfig=config)


def routes(clusters: Sequence[Json]) -> Json:
    """A listener that sends the path `/NAME` to the cluster of that name."""
    said = [{"header": {"key": "x-endpoint", "value": "%UPSTREAM_REMOTE_ADDRESS%"}}]
    made = [{"match": {"path": f"/{c['name']}"}, "route": {"cluster": c["name"]}} for c in clusters]
    manager = {
        "@type": f"{TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "statPrefix": "http",
        "routeConfig": {
            "virtualHosts": [{"name": "all", "domains": ["*"], "routes": made, "responseHeadersToAdd": said}]
        },
        "httpFilters": [{"name": "router", "typedConfig": {"@type": f"{TYPE}.filters.http.router.v3.Router"}}],
    }
    return {
        "name": "front",
        "address": {"socketAddress": {"address": "127.0.0.1", "portValue": 0}},
        "filterChains": [{"filters": [{"name": "http", "typedConfig": manager}]}],
    }


def test_shares_of_endpoints() -> None:
    """Endpoints get the predicted shares of the requests, and those without a share get none."""
    random, count = Random(SEED), 400
    clusters = [random_cluster(random, f"c{index}") for index in range(25)]
    index = ClusterIndex(tuple(from_json(Cluster, each) for each in clusters), ())
    with serving([routes(clusters)], clusters) as envoy:
        connect = partial(connected, envoy.listener_port("front"))
        for cluster in clusters:
            request = HttpRequest(path=f"/{cluster['name']}")
            replies = list(exchanged(connect, [request] * count))
            seen = Counter(r.header("x-endpoint").rpartition("/")[2] for r in replies if r and r.status == 200)
            chosen = index.find(cluster["name"], CONNECTION)
            assert chosen is not None
            shares = {each.address.rpartition("/")[2]: float(each.share) for each in chosen.endpoints if each.share}
            assert set(seen) <= set(shares), (cluster, seen, shares)
            assert sum(seen.values()) == (count if shares else 0), (cluster, seen, shares)
            for name, share in shares.items():
                assert abs(seen[name] / count - share) < 5 * sqrt(share * (1 - share) / count) + 0.02, (cluster, seen)


def weighted_listener(random: Random, count: int) -> Json:
    """A listener with routes whose cluster, abort and match depend on chance, by the paths `/0`, `/1` and so on."""
    fault = {"@type": f"{TYPE}.filters.http.fault.v3.HTTPFault"}
    made = []
    for index in range(count):
        clusters = [{"name": f"c{i}", "weight": random.choice((0, 1, 20, 79, 100))} for i in range(3)]
        weights = {"weightedClusters": {"clusters": [*clusters, {"name": "c3", "weight": 1}]}}
        percentage = {"numerator": random.choice((0, 10, 50, 100)), "denominator": "HUNDRED"}
        abort = {**fault, "abort": {"httpStatus": 418, "percentage": percentage}}
        fraction = {"defaultValue": {"numerator": random.choice((0, 25, 100))}}
        made.append({"match": {"path": f"/{index}", "runtimeFraction": fraction}, "directResponse": {"status": 204}})
        made.append({"match": {"path": f"/{index}"}, "route": weights, "typedPerFilterConfig": {"fault": abort}})
    router = {"name": "router", "typedConfig": {"@type": f"{TYPE}.filters.http.router.v3.Router"}}
    said = [{"header": {"key": "x-cluster", "value": "%UPSTREAM_CLUSTER_RAW%"}}]
    manager = {
        "@type": f"{TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "statPrefix": "http",
        "routeConfig": {
            "virtualHosts": [{"name": "all", "domains": ["*"], "routes": made, "responseHeadersToAdd": said}]
        },
        "httpFilters": [{"name": "fault", "typedConfig": fault}, router],
    }
    return {
        "name": "front",
        "address": {"socketAddress": {"address": "127.0.0.1", "portValue": 0}},
        "filterChains": [{"filters": [{"name": "http", "typedConfig": manager}]}],
    }


def test_shares_of_outcomes() -> None:
    """Weighted clusters, aborts and runtime fractions happen as often as their shares say."""
    count, listener = 800, weighted_listener(Random(SEED), 8)
    clusters = [echoing(f"c{index}", {"lbEndpoints": [endpoint("e")]}) for index in range(4)]
    evaluator = ProxyEvaluator(HandMade([listener], clusters))
    connection = DownstreamConnection(destination="127.0.0.1", port=0, listener="front")
    with serving([listener], clusters) as envoy:
        connect = partial(connected, envoy.listener_port("front"))
        for index in range(8):
            request = HttpRequest(path=f"/{index}")
            shares: Counter[str] = Counter()
            for outcome in evaluator.outcomes(connection, request):
                shares[str(outcome.status or outcome.cluster)] += outcome.share  # type: ignore[assignment]
            assert sum(shares.values()) == 1
            seen: Counter[str] = Counter()
            for reply in exchanged(connect, [request] * count):
                assert reply is not None
                seen[reply.header("x-cluster") if reply.status == 200 else str(reply.status)] += 1
            for name in {*shares, *seen}:
                share = float(shares[name])
                margin = 5 * sqrt(share * (1 - share) / count)
                assert abs(seen[name] / count - share) <= margin, (index, shares, seen)


def matched(input_: str, value: Json) -> Json:
    """A predicate of one input."""
    config = {"@type": f"{TYPE}.matching.common_inputs.network.v3.{input_}"}
    return {"singlePredicate": {"input": {"name": input_, "typedConfig": config}, "valueMatch": value}}


def chain_action(random: Random) -> Json:
    name = f"chain{random.randint(0, 3)}"
    config = {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": name}
    return {"action": {"name": name, "typedConfig": config}}


def random_predicate(random: Random, depth: int = 0) -> Json:
    kind = random.choice(("port", "ip", "source", "protocol", "and", "or", "not") if depth < 2 else ("port", "ip"))
    match kind:
        case "port":
            return matched("DestinationPortInput", {"exact": random.choice(("80", "81", "8080"))})
        case "ip":
            return matched("DestinationIPInput", {"prefix": random.choice(("10.0.0.", "10.0.1.", "10."))})
        case "source":
            return matched("SourceIPInput", {"exact": random.choice(("127.0.0.1", "127.0.0.2"))})
        case "protocol":
            return matched("TransportProtocolInput", {"exact": "raw_buffer"})
        case "not":
            return {"notMatcher": random_predicate(random, depth + 1)}
        case other:
            parts = [random_predicate(random, depth + 1) for _ in range(2)]
            return {f"{other}Matcher": {"predicate": parts}}


def random_matcher(random: Random, depth: int = 0) -> Json:
    def on_match() -> Json:
        return (
            {"matcher": random_matcher(random, depth + 1)}
            if depth < 2 and random.random() < 0.4
            else chain_action(random)
        )

    otherwise = {"onNoMatch": on_match()} if random.random() < 0.5 else {}
    kind = random.choice(("list", "map", "ranges"))
    if kind == "list":
        each = [{"predicate": random_predicate(random), "onMatch": on_match()} for _ in range(random.randint(1, 3))]
        return {"matcherList": {"matchers": each}, **otherwise}
    name = "DestinationPortInput" if kind == "map" else random.choice(("DestinationIPInput", "SourceIPInput"))
    config = {"@type": f"{TYPE}.matching.common_inputs.network.v3.{name}"}
    tree: Json = {"input": {"name": name, "typedConfig": config}}
    if kind == "map":
        tree["exactMatchMap"] = {"map": {port: on_match() for port in random.sample(("80", "81", "8080"), 2)}}
    else:
        ranges = [{"ranges": [cidr], "onMatch": on_match()} for cidr in random.sample(CIDRS, 2)]
        custom = {"@type": "type.googleapis.com/xds.type.matcher.v3.IPMatcher", "rangeMatchers": ranges}
        tree["customMatch"] = {"name": "ip", "typedConfig": custom}
    return {"matcherTree": tree, **otherwise}


CIDRS = (
    {"addressPrefix": "10.0.0.0", "prefixLen": 16},
    {"addressPrefix": "10.0.1.0", "prefixLen": 24},
    {"addressPrefix": "127.0.0.2", "prefixLen": 32},
    {"addressPrefix": "127.0.0.0", "prefixLen": 8},
)


def matching_listener(random: Random, name: str, log: Path) -> Json:
    """A listener whose chains are chosen by a matcher. Each chain has a cluster of its own name."""
    chains = []
    for index in range(4):
        proxy = {
            "@type": f"{TYPE}.filters.network.tcp_proxy.v3.TcpProxy",
            "statPrefix": "tcp",
            "cluster": f"chain{index}",
            "accessLog": [access_log(log, name)],
        }
        chains.append({"name": f"chain{index}", "filters": [{"name": "tcp", "typedConfig": proxy}]})
    return {
        "name": name,
        "address": {"socketAddress": {"address": "127.0.0.1", "portValue": 0}},
        "listenerFilters": [PROXY_PROTOCOL],
        "filterChainMatcher": random_matcher(random),
        "filterChains": chains,
    }


def test_matchers_of_filter_chains(tmp_path: Path) -> None:
    """A matcher of a listener names the filter chain that Envoy takes."""
    random, log = Random(SEED), tmp_path / "access.log"
    clusters = [echoing(f"chain{index}", {"lbEndpoints": [endpoint("e")]}) for index in range(4)]
    listeners = [matching_listener(random, f"l{index}", log) for index in range(60)]
    expected: dict[tuple[str, str], str] = {}
    with serving(listeners, clusters) as envoy:
        for listener in listeners:
            # The evaluator is asked about the address at which the listener stands in its own resources.
            evaluator = ProxyEvaluator(HandMade([listener], clusters))
            for _ in range(6):
                source = random.choice(("127.0.0.1", "127.0.0.2"))
                destination = (
                    random.choice(("10.0.0.1", "10.0.1.1", "10.1.0.1", "11.0.0.1")),
                    random.choice((80, 81, 8080)),
                )
                with connected(envoy.listener_port(listener["name"]), source=source, destination=destination) as opened:
                    client = "{}:{}".format(*opened.getsockname())
                    opened.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
                    try:
                        answered = bool(opened.recv(10))
                    except OSError:
                        answered = False
                connection = DownstreamConnection(
                    destination=destination[0], port=destination[1], source=source, listener=listener["name"]
                )
                (outcome,) = evaluator.outcomes(connection)
                assert isinstance(outcome.ending, ForwardedBytes) == answered, json.dumps(
                    listener["filterChainMatcher"]
                )
                expected[listener["name"], client] = outcome.cluster
        time.sleep(0.2)
    logged = connections_in(log)
    for key, cluster in expected.items():
        assert (logged[key]["cluster"] if key in logged else "") == cluster
    assert len(set(expected.values())) == 5  # four chains, and none
