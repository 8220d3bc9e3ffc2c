"""Many light clients of aggregated discovery with deltas, in one event loop: they subscribe, acknowledge, and count.

They read no more of a response than its type and its nonce, so the processor is left to the server.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

import grpc

from meshcompile.envoy.wire import encode_json
from meshcompile.serve.discovery import SERVICE
from meshcompile.serve.xds_resources import CLUSTERS, ENDPOINTS, LISTENERS, ROUTES

METHOD = f"/{SERVICE}AggregatedDiscoveryService/DeltaAggregatedResources"
OPTIONS = (("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1))
TYPE_FIELD, NONCE_FIELD = 4, 5
PATIENCE = 600.0
AT_ONCE = 20
"""The number of clients that start at the same time, so that the first answers do not fill the memory."""


class LoadClient:
    """One proxy. `acknowledged` counts its responses by type, and `last` is the time of the last acknowledgement."""

    def __init__(self, port: int, node: Mapping[str, Any], endpoints: Sequence[str], routes: Sequence[str]) -> None:
        self.node = node
        self.following = {CLUSTERS: (ENDPOINTS, endpoints), ENDPOINTS: (LISTENERS, ()), LISTENERS: (ROUTES, routes)}
        self.acknowledged: Counter[str] = Counter()
        self.size, self.last = 0, 0.0
        self._port = port

    async def start(self) -> None:
        """Connect, subscribe to everything, and take the first answers."""
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{self._port}", OPTIONS)
        self._call = self._channel.stream_stream(METHOD)()
        await self._send(node=self.node, typeUrl=CLUSTERS)
        await self.until(lambda: self.acknowledged[ROUTES] > 0)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Take responses until a condition holds."""
        while not condition():
            await self._take(await asyncio.wait_for(self._call.read(), PATIENCE))

    async def close(self) -> None:
        self._call.cancel()
        await self._channel.close()

    async def _take(self, data: bytes) -> None:
        head = {number: bytes(value) for number, value in _fields(data) if number in (TYPE_FIELD, NONCE_FIELD)}
        type_url = head[TYPE_FIELD].decode()
        await self._send(typeUrl=type_url, responseNonce=head[NONCE_FIELD].decode())
        if not self.acknowledged[type_url] and type_url in self.following:
            following, names = self.following[type_url]
            await self._send(typeUrl=following, resourceNamesSubscribe=names)
        self.acknowledged[type_url] += 1
        self.size += len(data)
        self.last = time.monotonic()

    async def _send(self, **request: Any) -> None:
        await self._call.write(encode_json(f"{SERVICE}DeltaDiscoveryRequest", request))


async def started(clients: Sequence[LoadClient]) -> None:
    """Start all clients, a few at the same time."""
    places = asyncio.Semaphore(AT_ONCE)

    async def start(client: LoadClient) -> None:
        async with places:
            await client.start()

    await together(map(start, clients))


async def together(work: Iterator[Awaitable[None]]) -> None:
    await asyncio.gather(*work)


def _fields(data: bytes) -> Iterator[tuple[int, memoryview]]:
    """The numbers and values of the fields of a message that has only texts and messages."""
    view, position = memoryview(data), 0
    while position < len(data):
        number, position = data[position] >> 3, position + 1
        length = shift = 0
        while data[position] & 0x80:
            length |= (data[position] & 0x7F) << shift
            shift, position = shift + 7, position + 1
        length |= data[position] << shift
        yield number, view[position + 1 : position + 1 + length]
        position += 1 + length
