"""Fuzz the gRPC surface of the server: bytes at random, mutated requests, and valid requests in any order.

    python -m tests.serve.fuzz --seconds 60

A well-behaved client watches all the while: it must get every edit.
"""

from __future__ import annotations

import argparse
import logging
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc

from meshcompile.envoy.wire import encode_json
from meshcompile.serve.discovery import SERVICE
from meshcompile.serve.logs import LOGGER
from meshcompile.serve.xds_resources import CLUSTERS, PUSH_ORDER
from tests.serve.running import RunningServer, running, write
from tests.serve.xds_client import METHODS, PREFIX, XdsClient, connected, node

STRANGE = ("", "*", "\0", "outbound|80||web.shop.svc.cluster.local", "x" * 3000, "../../etc/passwd")


def requests(randomly: random.Random, protocol: str) -> Iterator[bytes]:
    """The requests of one stream."""
    for index in range(randomly.randrange(1, 12)):
        data = encode_json(f"{SERVICE}{PREFIX[protocol]}DiscoveryRequest", _request(randomly, protocol, index))
        match randomly.randrange(4):
            case 0:
                yield randomly.randbytes(randomly.randrange(200))
            case 1:
                yield _mutated(randomly, data)
            case _:
                yield data


def _request(randomly: random.Random, protocol: str, index: int) -> dict[str, Any]:
    names = randomly.choices(STRANGE, k=randomly.randrange(4))
    request: dict[str, Any] = {
        "typeUrl": randomly.choice((*PUSH_ORDER, "", "type.googleapis.com/nothing")),
        "responseNonce": randomly.choice(("", str(index), "x")),
    }
    if index == 0 or randomly.random() < 0.1:
        request["node"] = randomly.choice((node(), {}, {"id": "sidecar~a~b~c"}, {"id": "x", "metadata": {"LABELS": 1}}))
    if randomly.random() < 0.2:
        request["errorDetail"] = {"code": 3, "message": randomly.choice(STRANGE)}
    if protocol == "sotw":
        return {**request, "resourceNames": names}
    versions = dict.fromkeys(randomly.choices(STRANGE, k=2), "0")
    return {**request, "resourceNamesSubscribe": names, "resourceNamesUnsubscribe": names[:1],
            "initialResourceVersions": versions}  # fmt: skip


def _mutated(randomly: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(randomly.randrange(1, 4)):
        if changed:
            changed[randomly.randrange(len(changed))] = randomly.randrange(256)
    return bytes(changed[: randomly.randrange(len(changed) + 1)] if randomly.random() < 0.2 else changed)


def attack(channel: Any, randomly: random.Random) -> str:
    """One stream. Returns how it ended."""
    protocol = randomly.choice(tuple(METHODS))
    method = f"/{SERVICE}AggregatedDiscoveryService/{METHODS[protocol]}"
    call = channel.stream_stream(method)(requests(randomly, protocol), timeout=10)
    try:
        for _ in range(randomly.randrange(5)):
            next(call, None)
        call.cancel()
    except grpc.RpcError as error:
        return str(error.code().name)
    return "cancelled"


class FailureLog(logging.Handler):
    """Keeps the errors that the server logs, instead of printing what it says about bad clients."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.errors.append(self.format(record))

    def __enter__(self) -> FailureLog:
        LOGGER.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        LOGGER.removeHandler(self)


def fuzz(seconds: float, seed: int) -> dict[str, int]:
    """Attack a server for a while, and edit its input. Returns how the streams ended, by status.

    Fails if the server logs an error.
    """
    randomly, ended = random.Random(seed), dict[str, int]()
    with FailureLog() as log, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, "web")
        with running(folder) as server, connected(server.port) as channel:
            good = XdsClient(channel, node(address="10.1.0.9"))
            good.start()
            end, edits = time.monotonic() + seconds, 0
            while time.monotonic() < end or not edits:
                for _ in range(50):
                    status = attack(channel, randomly)
                    ended[status] = ended.get(status, 0) + 1
                edits += 1
                _edit(server, folder, good, edits)
            good.close()
    assert log.errors == []
    return ended


def _edit(server: RunningServer, folder: Path, good: XdsClient, edits: int) -> None:
    """Change a port, and wait until the good client has it."""
    write(folder, "web", port=1000 + edits)
    wanted = f"outbound|{1000 + edits}||web.shop.svc.cluster.local"
    good.until(lambda response: wanted in good.has[CLUSTERS])
    assert server.get("/healthz")[0] == 200


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    ended = fuzz(options.seconds, options.seed)
    print(f"{sum(ended.values())} streams: {ended}")
    assert "INTERNAL" not in ended, "a stream ended with an internal error"


if __name__ == "__main__":
    main()
