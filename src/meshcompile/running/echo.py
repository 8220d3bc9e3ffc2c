"""Echo servers in place of applications: they answer what they were asked, and may call other services."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

PATH_HEADER = "x-meshcompile-path"
"""The request header to which each proxy on the way adds its name."""
SECONDS = 10.0
NOT_PASSED_ON = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding"})
"""Headers that an application does not pass on to the services that it calls."""


@dataclass(frozen=True, slots=True)
class EchoApp:
    """An application: its name, and how it reaches others.

    `sidecar` is the outbound address of its sidecar, or None. `resolve` gives the address of a host; "" for none.
    """

    name: str
    sidecar: tuple[str, int] | None
    resolve: Callable[[str], str]

    def call(self, url: str, headers: Mapping[str, str]) -> dict[str, Any]:
        """What a service answers to GET, with the headers of the request that causes the call."""
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname or "", parts.port or 80
        address = self.resolve(host)
        if not address:
            return {"problem": f"there is no host {host}"}
        passed = {name: value for name, value in headers.items() if name not in NOT_PASSED_ON}
        try:
            connection = _connection(self.sidecar or (address, port), (address, port) if self.sidecar else None)
            connection.request(
                "GET", parts._replace(scheme="", netloc="").geturl() or "/", headers={**passed, "host": host}
            )
            answer = connection.getresponse()
            body = answer.read().decode(errors="replace")
        except OSError as error:
            return {"problem": f"{host}: {error}"}
        return {"status": answer.status, "answer": _parsed(body)}


def _connection(to: tuple[str, int], destination: tuple[str, int] | None) -> HTTPConnection:
    """A connection. With a destination, it tells a sidecar where iptables would have caught it."""
    plain = socket.create_connection(to, timeout=SECONDS)
    if destination is not None:
        source = plain.getsockname()
        plain.sendall(f"PROXY TCP4 {source[0]} {destination[0]} {source[1]} {destination[1]}\r\n".encode())
    connection = HTTPConnection(*to, timeout=SECONDS)
    connection.sock = plain
    return connection


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body


class _EchoHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    app: EchoApp

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): ", ".join(self.headers.get_all(name, ())) for name in self.headers}
        calls = parse_qs(urlsplit(self.path).query).get("call", [])
        content = {
            "workload": self.app.name,
            "method": self.command,
            "path": self.path,
            "proxies": [name.strip() for name in headers.get(PATH_HEADER, "").split(",") if name],
            "headers": headers,
            "called": {url: self.app.call(url, headers) for url in calls},
        }
        body = f"{json.dumps(content, indent=2)}\n".encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = answer  # noqa: N815  # http.server's names

    def log_message(self, format: str, *arguments: object) -> None:
        """Print nothing. The answer has all information."""


class _EchoServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that closes the connection is not an error."""


@contextmanager
def echo_server(address: tuple[str, int], app: EchoApp) -> Iterator[None]:
    """The application at an address, for the duration of the block."""
    server = _EchoServer(address, type("Echo", (_EchoHandler,), {"app": app}))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
