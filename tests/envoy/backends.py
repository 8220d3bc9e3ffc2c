"""Small servers on loopback that report the requests they receive. Each runs for the duration of a `with` block."""

from __future__ import annotations

import json
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar

S = TypeVar("S", bound=socketserver.TCPServer)


@contextmanager
def http_backend(
    name: str,
    *,
    address: tuple[str, int] = ("127.0.0.1", 0),
    status: int = 200,
    delay: float = 0,
    tls: ssl.SSLContext | None = None,
) -> Iterator[int]:
    """The port of a server that answers every request with JSON: its name, the method, the path and the headers."""
    echo = type("Echo", (_Echo,), {"backend": name, "status": status, "delay": delay})
    server = _HttpServer(address, echo)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    with _serving(server):
        yield server.server_port


@contextmanager
def tcp_backend(greeting: bytes) -> Iterator[int]:
    """The port of a server that sends its greeting, and then echoes all data."""
    with _serving(_TcpServer(("127.0.0.1", 0), type("Greeting", (_Greeting,), {"greeting": greeting}))) as server:
        yield int(server.socket.getsockname()[1])


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that closes the connection is not an error."""


class _TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # the answer in one piece
    disable_nagle_algorithm = True
    backend = ""
    status = 200
    delay = 0.0  # seconds

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        content = {"backend": self.backend, "method": self.command, "path": self.path, "headers": headers}
        body = json.dumps(content).encode()
        time.sleep(self.delay)
        self.send_response(self.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = answer  # noqa: N815  # http.server's names

    def log_message(self, format: str, *arguments: object) -> None:
        """Print nothing. The answer has all information."""


class _Greeting(socketserver.BaseRequestHandler):
    greeting = b""

    def handle(self) -> None:
        self.request.sendall(self.greeting)
        while received := self.request.recv(65536):
            self.request.sendall(received)


@contextmanager
def _serving(server: S) -> Iterator[S]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
