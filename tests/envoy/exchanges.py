"""HTTP/1.1 requests over persistent connections, byte by byte. A connection that ends without an answer is None."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from meshcompile.simulate import HttpRequest
from tests.envoy.connections import NO_BODY, Reply


def exchanged(
    connect: Callable[[], socket.socket],
    requests: Sequence[HttpRequest],
    version: str = "HTTP/1.1",
    count: int = 8,
    data: bytes = b"",
) -> Iterator[Reply | None]:
    """The reply to each request, in order, over `count` connections. `data` is sent instead of the requests."""
    opened: list[_Connection | None] = [None] * count
    waiting = iter(requests)
    try:
        while batch := list(islice(waiting, count)):
            for index, request in enumerate(batch):
                opened[index] = _sent(opened[index], connect, data or encoded(request, version))
            for index, request in enumerate(batch):
                reply, keep = _received(opened[index], request.method)
                if not keep:
                    _close(opened[index])
                    opened[index] = None
                yield reply
    finally:
        for connection in opened:
            _close(connection)


def encoded(request: HttpRequest, version: str = "HTTP/1.1") -> bytes:
    """The request as HTTP/1.1."""
    host = [f"host: {request.authority}"] if request.authority else []
    lines = [
        f"{request.method} {request.path} {version}",
        *host,
        *(f"{name}: {value}" for name, value in request.headers),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


_Connection = socket.socket


def _sent(connection: _Connection | None, connect: Callable[[], _Connection], data: bytes) -> _Connection | None:
    try:
        connection = connection or connect()
        connection.sendall(data)
    except OSError:
        _close(connection)
        return None
    return connection


def _close(connection: _Connection | None) -> None:
    if connection is not None:
        connection.close()


def _received(connection: _Connection | None, method: str) -> tuple[Reply | None, bool]:
    if connection is None:
        return None, False
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            data += _bytes(connection)
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        status = int(first.split(" ", 2)[1])
        headers = tuple((k.lower(), v.strip()) for k, _, v in (line.partition(":") for line in lines))
        named = dict(headers)
        length = 0 if method == "HEAD" or status in NO_BODY else int(named.get("content-length", 0))
        while len(body) < length:
            body += _bytes(connection)
    except OSError:
        return None, False
    return Reply(status, headers, body.decode("latin-1")), named.get("connection") != "close"


def _bytes(connection: _Connection) -> bytes:
    received = connection.recv(65536)
    if not received:
        raise ConnectionError("closed without an answer")
    return received
