"""Many HTTP requests over several persistent connections, with one request at a time on each."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Self

from tests.envoy.reference_routes import Request

NO_BODY = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response. Header names are lower case. A header may have several lines."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str

    def header(self, name: str) -> str:
        """The first value; "" for none."""
        return next((value for key, value in self.headers if key == name), "")


class Connections:
    """Connections that `connect` opens. They are opened again when the other side closes them."""

    def __init__(self, connect: Callable[[], socket.socket], count: int = 16) -> None:
        self._connect = connect
        self._open: list[socket.socket | None] = [None] * count

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        for connection in self._open:
            if connection is not None:
                connection.close()

    def replies(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """The reply to each request, in order."""
        waiting = iter(requests)
        while batch := list(islice(waiting, len(self._open))):
            for index, request in enumerate(batch):
                self._connection(index).sendall(encoded(request))
            for index, request in enumerate(batch):
                yield self._reply(index, request)

    def _connection(self, index: int) -> socket.socket:
        connection = self._open[index]
        if connection is None:
            connection = self._open[index] = self._connect()
        return connection

    def _reply(self, index: int, request: Request) -> Reply:
        connection = self._connection(index)
        data = b""
        while b"\r\n\r\n" not in data:
            data += _received(connection)
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        status = int(first.split(" ", 2)[1])
        headers = tuple((k.lower(), v.strip()) for k, _, v in (line.partition(":") for line in lines))
        length = int(dict(headers).get("content-length", 0))
        if request.method == "HEAD" or status in NO_BODY:
            length = 0
        while len(body) < length:
            body += _received(connection)
        if dict(headers).get("connection") == "close":
            connection.close()
            self._open[index] = None
        return Reply(status, headers, body.decode("latin-1"))


def encoded(request: Request) -> bytes:
    """The request as HTTP/1.1."""
    lines = [
        f"{request.method} {request.target} HTTP/1.1",
        f"host: {request.authority}",
        f"x-forwarded-proto: {request.scheme}",
        *(f"{name}: {value}" for name, value in request.headers),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _received(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    if not received:
        raise ConnectionError("closed without an answer")
    return received
