"""The HTTP server beside xDS: `/healthz`, `/readyz`, `/metrics` and `/status`."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from meshcompile.serve.metrics import ServeMetrics

TEXT, JSON = "text/plain; charset=utf-8", "application/json"


class Page(Struct, frozen=True):
    """The answer to a request."""

    status: int
    content_type: str
    body: bytes


class StatusPages:
    """The pages. `problem` is "" if the server is ready; `status` is the content of `/status` for a proxy, or all."""

    def __init__(
        self, metrics: ServeMetrics, problem: Callable[[], str], status: Callable[[str], Mapping[str, Any]]
    ) -> None:
        self._metrics, self._problem, self._status = metrics, problem, status

    def page(self, target: str) -> Page:
        """The page of a path with its query."""
        asked = urlsplit(target)
        match asked.path:
            case "/healthz":
                return Page(200, TEXT, b"ok\n")
            case "/readyz":
                problem = self._problem()
                return Page(503 if problem else 200, TEXT, f"{problem or 'ok'}\n".encode())
            case "/metrics":
                return Page(200, self._metrics.content_type, self._metrics.text())
            case "/status":
                proxy = parse_qs(asked.query).get("proxy", [""])[0]
                return Page(200, JSON, f"{json.dumps(self._status(proxy), indent=2)}\n".encode())
            case _:
                return Page(404, TEXT, b"known are /healthz, /readyz, /metrics and /status\n")


class PageServer:
    """Serves the pages in threads of its own, so that a busy event loop does not make a probe fail."""

    def __init__(self, pages: StatusPages, host: str, port: int) -> None:
        handler = type("PageHandler", (_Handler,), {"pages": pages})
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        server = type("PageHttpServer", (ThreadingHTTPServer,), {"address_family": family, "daemon_threads": True})
        self._server: ThreadingHTTPServer = server((host, port), handler)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True, name="status")
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    pages: StatusPages
    timeout = 10  # seconds, for a client that sends nothing
    server_version, sys_version = "meshcompile", ""

    def do_GET(self) -> None:  # http.server's name
        page = self.pages.page(self.path)
        self.send_response(page.status)
        self.send_header("content-type", page.content_type)
        self.send_header("content-length", str(len(page.body)))
        self.end_headers()
        self.wfile.write(page.body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Log nothing: probes come every few seconds."""
