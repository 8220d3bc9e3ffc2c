"""Clients for Envoy's listeners: HTTP, TLS and plain TCP, optionally with a PROXY protocol header.

In the header, `destination` is the original destination of the connection. A listener that reads it behaves as if
iptables had redirected the connection, so a sidecar's listeners can be tested without iptables.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Address = tuple[str, int]
CLOSED = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response. The status is CLOSED if the connection ended without one."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def backend(self) -> str:
        """The name of the backend that answered; "" if Envoy itself did."""
        return str(self.json["backend"]) if self.headers.get("content-type") == "application/json" else ""


def request(
    port: int,
    path: str = "/",
    *,
    host: str = "",
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
    sni: str = "",
    destination: Address | None = None,
) -> Answer:
    """The response to one request to 127.0.0.1:port. `sni` defaults to `host`."""
    sent = {**({"host": host} if host else {}), **(headers or {})}
    try:
        with connected(port, tls=tls, sni=sni or host, destination=destination) as connection:
            client = http.client.HTTPConnection("127.0.0.1", port)
            client.sock = connection
            client.request(method, path, headers=sent)
            answer = client.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    except (OSError, http.client.HTTPException):  # reset, closed, or a failed handshake
        return Answer(CLOSED)


def connected(
    port: int,
    *,
    tls: ssl.SSLContext | None = None,
    sni: str = "",
    source: str = "127.0.0.1",
    destination: Address | None = None,
) -> socket.socket:
    """A connection to 127.0.0.1:port, after the PROXY header and the TLS handshake, if there are any."""
    connection = plainly_connected(port, source)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if destination is not None:
        connection.sendall(proxy_header(connection.getsockname(), destination))
    return connection if tls is None else tls.wrap_socket(connection, server_hostname=sni or None)


def plainly_connected(port: int, source: str) -> socket.socket:
    """A connection from this address. The system picks its port when it connects.

    A port that is picked before, as `bind` does, is not picked again for a minute after the connection's end.
    """
    bound = None if source == "127.0.0.1" else (source, 0)
    return socket.create_connection(("127.0.0.1", port), timeout=30, source_address=bound)


def proxy_header(source: Address, destination: Address) -> bytes:
    """The first line of a connection in the PROXY protocol, version 1."""
    family = "TCP6" if ":" in destination[0] else "TCP4"
    host = "::1" if family == "TCP6" else source[0]
    return f"PROXY {family} {host} {destination[0]} {source[1]} {destination[1]}\r\n".encode()
