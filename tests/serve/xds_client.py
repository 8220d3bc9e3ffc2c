"""A client of aggregated discovery for tests: it subscribes, acknowledges, and remembers what it has."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import grpc

from meshcompile.envoy.wire import decode, encode_json
from meshcompile.serve.discovery import SERVICE
from meshcompile.serve.xds_resources import CLUSTERS, ENDPOINTS, LISTENERS

METHODS = {"delta": "DeltaAggregatedResources", "sotw": "StreamAggregatedResources"}
PREFIX = {"delta": "Delta", "sotw": ""}


def node(name: str = "web-0.shop", address: str = "10.1.0.1", **metadata: Any) -> dict[str, Any]:
    namespace = name.rpartition(".")[2]
    return {
        "id": f"sidecar~{address}~{name}~{namespace}.svc.cluster.local",
        "metadata": {"NAMESPACE": namespace, **metadata},
    }


class XdsClient:
    """One stream. `has` are the versions of the resources by type and name."""

    def __init__(self, channel: Any, node: Mapping[str, Any], protocol: str = "delta") -> None:
        self.node, self.protocol = node, protocol
        self.outgoing: queue.Queue[bytes | None] = queue.Queue()
        self.has: dict[str, dict[str, str]] = {}
        self.responses: list[dict[str, Any]] = []
        call = channel.stream_stream(f"/{SERVICE}AggregatedDiscoveryService/{METHODS[protocol]}")
        self.call = call(iter(self.outgoing.get, None))

    def send(self, **request: Any) -> None:
        self.outgoing.put(encode_json(f"{SERVICE}{PREFIX[self.protocol]}DiscoveryRequest", request))

    def subscribe(self, type_url: str, **more: Any) -> None:
        """The first request of a type, with what the client has already."""
        self.send(node=self.node, typeUrl=type_url, **more)

    def next(self) -> dict[str, Any]:
        """The next response, which is taken but not acknowledged."""
        read = decode(f"{SERVICE}{PREFIX[self.protocol]}DiscoveryResponse", next(self.call))
        self.responses.append(read)
        has = self.has.setdefault(read["typeUrl"], {})
        for resource in read.get("resources", ()):
            if self.protocol == "delta":
                has[resource.get("name", "")] = resource["version"]
        for name in read.get("removedResources", ()):
            has.pop(name, None)
        return read

    def acknowledge(self, response: Mapping[str, Any], error: str | None = None, **more: Any) -> None:
        detail = {} if error is None else {"errorDetail": {"code": 3, "message": error}}
        self.send(typeUrl=response["typeUrl"], responseNonce=response["nonce"], **detail, **more)

    def take(self) -> dict[str, Any]:
        """The next response, acknowledged."""
        response = self.next()
        self.acknowledge(response)
        return response

    def until(self, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Take responses until one meets the condition."""
        while not condition(response := self.take()):
            pass
        return response

    def start(self) -> None:
        """Subscribe to clusters, their endpoints and listeners, and take the first answers."""
        self.subscribe(CLUSTERS)
        response = self.take()
        names = [each["name"] for each in response["resources"] if each["resource"].get("type") == "EDS"]
        self.send(typeUrl=ENDPOINTS, resourceNamesSubscribe=names)
        self.take()
        self.subscribe(LISTENERS)
        self.take()

    def close(self) -> None:
        self.outgoing.put(None)
        self.call.cancel()


@contextmanager
def connected(port: int, credentials: Any = None, options: Sequence[tuple[str, Any]] = ()) -> Iterator[Any]:
    """A channel to the server on loopback, with a connection of its own."""
    address = f"127.0.0.1:{port}"
    own = (
        ("grpc.max_receive_message_length", -1),
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.ssl_target_name_override", "localhost"),
        *options,
    )
    with (
        grpc.insecure_channel(address, own) if credentials is None else grpc.secure_channel(address, credentials, own)
    ) as channel:
        yield channel
