"""`meshcompile serve`: xDS for proxies, from files that are followed."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic
from typing import Any

import grpc
from msgspec import Struct

from meshcompile.errors import InvalidArgument
from meshcompile.output.bootstrap import Flavour
from meshcompile.serve.followed_mesh import EditOutcome, FollowedMesh, MeshAccepted, MeshRefused, MeshUnchanged
from meshcompile.serve.limits import ServeLimits
from meshcompile.serve.logs import log
from meshcompile.serve.metrics import ServeMetrics
from meshcompile.serve.publisher import Publisher
from meshcompile.serve.status_pages import PageServer, StatusPages
from meshcompile.serve.streams import AdsService
from meshcompile.serve.tls import ReloadedCertificates, TlsFiles
from meshcompile.source.following import Stamps, edits
from meshcompile.values.ip import host_and_port

GRACE = 5.0
"""The number of seconds that streams have to end when the server stops."""


class ServeSettings(Struct, frozen=True):
    """Where the server listens, and how. Addresses are `HOST:PORT`; port 0 is any free one.

    `flavour` is the build of Envoy that the proxies run.
    """

    address: str = "127.0.0.1:15010"
    status_address: str = "127.0.0.1:15014"
    tls: TlsFiles | None = None
    limits: ServeLimits = ServeLimits()
    flavour: Flavour = Flavour.ISTIO


class XdsServer:
    """The server for a mesh that follows its files. `stamps` are those of the files from before they were read.

    `started` is set when it listens at `port` and `status_port`.
    """

    def __init__(self, followed: FollowedMesh, stamps: Stamps, settings: ServeSettings) -> None:
        self.followed, self.stamps, self.settings = followed, stamps, settings
        self.metrics = ServeMetrics()
        self.publisher = Publisher(followed.good, self.metrics, settings.flavour)
        self.refused = ""
        self.is_ready = False
        self.started = threading.Event()
        self.port = self.status_port = 0
        self.edits: asyncio.Queue[tuple[dict[str, bool], float]] = asyncio.Queue()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT. Raises InvalidArgument if an address or a certificate cannot be used."""
        self._loop = loop = asyncio.get_running_loop()
        self.service = AdsService(self.publisher, self.metrics, self.settings.limits, self._serves_secrets())
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.service.stopping.set)
        server = self._grpc_server()
        self.port = self._add_port(server)
        pages = self._pages()
        self.status_port = pages.port
        await server.start()
        self.is_ready = True
        log(logging.INFO, "serving", xds=f"{_host(self.settings.address)}:{self.port}", status_port=pages.port)
        self.started.set()
        threading.Thread(target=self._look, args=(loop,), daemon=True, name="files").start()
        following = asyncio.create_task(self._follow())
        await self.service.stopping.wait()
        self.is_ready = False
        log(logging.INFO, "stopping", streams=len(self.service.sessions.all))
        following.cancel()
        await server.stop(GRACE)
        self.publisher.close()
        pages.close()
        log(logging.INFO, "stopped")

    def stop(self) -> None:
        """End the server, from any thread."""
        with suppress(RuntimeError):  # the loop is closed: it has ended already
            self._loop.call_soon_threadsafe(self.service.stopping.set)

    def _grpc_server(self) -> Any:
        limits = self.settings.limits
        options = (
            ("grpc.max_receive_message_length", limits.request_size),
            ("grpc.max_send_message_length", -1),
            ("grpc.max_concurrent_streams", limits.streams + 100),
            ("grpc.keepalive_time_ms", 30_000),
            ("grpc.keepalive_timeout_ms", 10_000),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
            ("grpc.so_reuseport", 0),
        )
        return grpc.aio.server(handlers=[self.service.handler()], options=options)

    def _add_port(self, server: Any) -> int:
        """Listen. Returns the port."""
        address, tls = self.settings.address, self.settings.tls
        try:
            if tls is None:
                return int(server.add_insecure_port(address))
            return int(server.add_secure_port(address, ReloadedCertificates(tls).credentials()))
        except RuntimeError as error:
            raise InvalidArgument(f"cannot listen at {address}: {error}") from None

    def _pages(self) -> PageServer:
        host, port = _host_and_port(self.settings.status_address)
        try:
            return PageServer(StatusPages(self.metrics, self._problem, self.status), host, port)
        except OSError as error:
            raise InvalidArgument(f"cannot listen at {self.settings.status_address}: {error}") from None

    def _serves_secrets(self) -> bool:
        """Whether clients without a verified identity get private keys: only those on this machine."""
        return _host(self.settings.address) in ("127.0.0.1", "[::1]", "localhost") or self._is_socket

    @property
    def _is_socket(self) -> bool:
        return self.settings.address.startswith("unix:")

    def _problem(self) -> str:
        return "" if self.is_ready else "starting or stopping"

    def status(self, proxy: str) -> Mapping[str, Any]:
        """What `/status` shows: the streams, and why the last edit was not applied, if so."""
        proxies = self.service.sessions.to_list(proxy)
        return {"ready": self.is_ready, "refused": self.refused, "streams": proxies}

    # ---- files

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look for changes for ever, in a thread. Every look that finds one is an edit."""
        for found in edits(self.followed.paths, self.stamps):
            if found or self.followed.waiting:
                try:
                    loop.call_soon_threadsafe(self.edits.put_nowait, (found, monotonic()))
                except RuntimeError:  # the loop is closed
                    return

    async def _follow(self) -> None:
        """Apply the edits. A failure is logged, and the mesh in force stays."""
        while True:
            found, edited = await self.edits.get()
            try:
                outcome = await self.publisher.run(self.followed.after, found)
                await self._apply(outcome, found, edited)
            except Exception:
                self.metrics.edits.labels("failed").inc()
                log(logging.ERROR, "an edit could not be applied", files=sorted(found)[:10], exc_info=True)

    async def _apply(self, outcome: EditOutcome, found: Mapping[str, bool], edited: float) -> None:
        files = sorted(found)[:10]
        match outcome:
            case MeshAccepted(mesh=mesh):
                self.refused = ""
                self.metrics.edits.labels("accepted").inc()
                number = await self.publisher.publish(mesh, edited)
                seconds = round(monotonic() - edited, 3)
                log(logging.INFO, "applied", files=files, proxies=number, seconds=seconds)
            case MeshUnchanged():
                self.refused = ""
                self.metrics.edits.labels("unchanged").inc()
            case MeshRefused(reason=reason, diagnostics=diagnostics):
                self._refuse(reason, [str(each) for each in diagnostics[:20]], files)

    def _refuse(self, reason: str, errors: list[str], files: list[str]) -> None:
        """Say once why an edit is not applied."""
        text = "; ".join((reason, *errors))
        if text != self.refused:
            self.metrics.edits.labels("refused").inc()
            log(logging.WARNING, "the last configuration stays in force", reason=reason, errors=errors, files=files)
        self.refused = text


def _host(address: str) -> str:
    return address.rpartition(":")[0]


def _host_and_port(address: str) -> tuple[str, int]:
    """Raises InvalidArgument for an address of another form."""
    found = host_and_port(address)
    if found is None:
        raise InvalidArgument(f"an address is HOST:PORT, not {address!r}")
    return found
