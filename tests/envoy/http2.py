"""HTTP/2 requests on one connection, one after the other. A stream that Envoy resets is None."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import ProtocolError

from meshcompile.simulate import HttpRequest
from tests.envoy.connections import Reply

# What HTTP/2 does not allow.
OF_HTTP1 = ("connection", "upgrade", "keep-alive", "proxy-connection", "transfer-encoding", "te", "host")


def exchanged_h2(
    connect: Callable[[], socket.socket], requests: Sequence[HttpRequest], scheme: str
) -> Iterator[Reply | None]:
    """The reply to each request, in order."""
    opened: _Http2 | None = None
    for request in requests:
        try:
            opened = opened or _opened(connect())
            reply = opened.reply(request, scheme)
        except (OSError, ProtocolError):
            reply = None
            if opened is not None:
                opened.is_over = True
        if opened is not None and (reply is None or opened.is_over):
            opened.close()
            opened = None
        yield reply
    if opened is not None:
        opened.close()


def _opened(connection: socket.socket) -> _Http2:
    try:
        return _Http2(connection)
    except OSError:
        connection.close()
        raise


class _Http2:
    """A connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        configuration = H2Configuration(
            validate_outbound_headers=False, normalize_outbound_headers=False, validate_inbound_headers=False
        )
        self._h2 = H2Connection(configuration)
        self._h2.initiate_connection()
        self._socket.sendall(self._h2.data_to_send())
        self.is_over = False

    def reply(self, request: HttpRequest, scheme: str) -> Reply | None:
        stream = self._h2.get_next_available_stream_id()
        self._h2.send_headers(stream, headers(request, scheme), end_stream=True)
        self._socket.sendall(self._h2.data_to_send())
        status, received, body = 0, [], b""
        for event in self._events():
            match event:
                case ResponseReceived(stream_id=id_) if id_ == stream:
                    pairs = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in event.headers]
                    status = int(dict(pairs)[":status"])
                    received = pairs[1:]
                case DataReceived(stream_id=id_) if id_ == stream:
                    body += event.data
                    self._h2.acknowledge_received_data(event.flow_controlled_length, stream)
                case StreamEnded(stream_id=id_) if id_ == stream:
                    return Reply(status, tuple(received), body.decode("latin-1"))
                case StreamReset() | ConnectionTerminated():
                    self.is_over = True
                    return None
                case _:
                    pass
        return None

    def _events(self) -> Iterator[Event]:
        while True:
            data = self._socket.recv(65536)
            if not data:
                self.is_over = True
                return
            yield from self._h2.receive_data(data)
            self._socket.sendall(self._h2.data_to_send())

    def close(self) -> None:
        self._socket.close()


def headers(request: HttpRequest, scheme: str) -> list[tuple[str, str]]:
    """The header fields of the request. Names are in small letters."""
    pseudo = [
        (":method", request.method),
        (":scheme", scheme),
        (":authority", request.authority),
        (":path", request.path),
    ]
    return [*pseudo, *((name.lower(), value.strip(" \t")) for name, value in request.headers)]
