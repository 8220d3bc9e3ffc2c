"""The aggregated discovery service: a coroutine per stream, around the states of `stream_state`.

A stream reads one request at a time and writes one response at a time. So a client that does not read holds back only
itself: when it reads again, it gets the latest resources, and not every version in between.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

import grpc

from meshcompile.envoy.wire import WireError
from meshcompile.errors import InvalidArgument
from meshcompile.serve.discovery import (
    SERVICE,
    DeltaRequest,
    SotwRequest,
    XdsRequest,
    XdsResponse,
    delta_request,
    delta_response,
    sotw_request,
    sotw_response,
)
from meshcompile.serve.identity import verified_identity
from meshcompile.serve.limits import ServeLimits, TokenBucket
from meshcompile.serve.logs import log
from meshcompile.serve.metrics import ServeMetrics
from meshcompile.serve.publisher import Publisher, ServedProxy
from meshcompile.serve.sessions import Session, Sessions
from meshcompile.serve.stream_state import REST, StreamStep, is_waiting, pushed, requested, rested
from meshcompile.serve.subscriptions import StreamState, XdsProtocol
from meshcompile.serve.xds_resources import SHORT, ServedResources

_READ: dict[XdsProtocol, Callable[[bytes], XdsRequest]] = {
    XdsProtocol.SOTW: sotw_request,
    XdsProtocol.DELTA: delta_request,
}
_WRITE = {XdsProtocol.SOTW: sotw_response, XdsProtocol.DELTA: delta_response}


class StreamRefused(Exception):
    """The end of a stream by the server, with a status of gRPC and a reason that counts in metrics."""

    def __init__(self, status: grpc.StatusCode, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason = status, reason


class AdsService:
    """Serves streams of the state of the world and of deltas.

    `serves_secrets` says whether clients without a verified identity get private keys.
    """

    def __init__(self, publisher: Publisher, metrics: ServeMetrics, limits: ServeLimits, serves_secrets: bool) -> None:
        self.publisher, self.metrics, self.limits = publisher, metrics, limits
        self.serves_secrets = serves_secrets
        self.sessions = Sessions()
        self.stopping = asyncio.Event()
        self._new_streams = TokenBucket(limits.new_streams, limits.new_streams * 10, monotonic)

    def handler(self) -> grpc.GenericRpcHandler:
        """The service, without classes of protobuf: messages are bytes."""
        methods = {
            "StreamAggregatedResources": grpc.stream_stream_rpc_method_handler(self._sotw),
            "DeltaAggregatedResources": grpc.stream_stream_rpc_method_handler(self._delta),
        }
        return grpc.method_handlers_generic_handler(f"{SERVICE}AggregatedDiscoveryService", methods)

    async def _sotw(self, _: object, context: Any) -> None:
        await self._guarded(context, XdsProtocol.SOTW)

    async def _delta(self, _: object, context: Any) -> None:
        await self._guarded(context, XdsProtocol.DELTA)

    async def _guarded(self, context: Any, protocol: XdsProtocol) -> None:
        """Serve a stream. Whatever goes wrong ends this stream alone."""
        try:
            if len(self.sessions.all) >= self.limits.streams or not self._new_streams.takes():
                raise StreamRefused(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many streams", "too many streams")
            await self._stream(context, protocol)
        except StreamRefused as refused:
            self.metrics.refused_streams.labels(refused.reason).inc()
            log(logging.WARNING, "a stream was ended", reason=str(refused), peer=context.peer())
            await context.abort(refused.status, str(refused))
        except (asyncio.CancelledError, grpc.RpcError):
            raise
        except grpc.aio.InternalError:
            return  # the client left while a response was written
        except Exception as error:
            self.metrics.refused_streams.labels("internal error").inc()
            log(logging.ERROR, "a stream failed", peer=context.peer(), exc_info=True)
            await context.abort(grpc.StatusCode.INTERNAL, type(error).__name__)

    async def _stream(self, context: Any, protocol: XdsProtocol) -> None:
        reader = RequestReader(context, protocol, self.limits)
        first = await reader.first()
        if first is None or self.stopping.is_set():
            return
        changed = asyncio.Event()
        try:
            served = await self.publisher.connect(first.node, changed)
        except InvalidArgument as error:
            raise StreamRefused(grpc.StatusCode.INVALID_ARGUMENT, "no node", str(error)) from None
        session = Session(served.proxy, protocol, context.peer(), self._identity(context, served))
        stream = _Stream(self, context, served, session)
        self.sessions.add(session)
        self.metrics.streams.inc()
        log(logging.INFO, "connected", proxy=served.proxy.id, protocol=str(protocol), peer=session.peer)
        try:
            await stream.run(first, reader, changed)
        finally:
            self.publisher.disconnect(served, changed)
            self.sessions.remove(session)
            self.metrics.streams.dec()
            log(logging.INFO, "disconnected", proxy=served.proxy.id)

    def _identity(self, context: Any, served: ServedProxy) -> str:
        """The verified identity of the client; "" for a client that shows none. Refuses one of other workloads."""
        found = context.auth_context().get("x509_subject_alternative_name", ())
        identities = [each.decode(errors="replace") for each in found]
        if not identities:
            return ""
        identity = verified_identity(identities, served.proxy)
        if identity is None:
            message = f"no identity of {', '.join(identities)} may be {served.proxy.id}"
            raise StreamRefused(grpc.StatusCode.PERMISSION_DENIED, "other identity", message)
        return identity


class RequestReader:
    """The requests of a stream, within the limits."""

    def __init__(self, context: Any, protocol: XdsProtocol, limits: ServeLimits) -> None:
        self._context, self._read, self._limits = context, _READ[protocol], limits
        self._bucket = TokenBucket(limits.requests, limits.requests * 10, monotonic)

    async def first(self) -> XdsRequest | None:
        """The first request. A client that sends none in time is refused."""
        try:
            return await asyncio.wait_for(self.next(), self._limits.first_request)
        except TimeoutError:
            message = "no request came in time"
            raise StreamRefused(grpc.StatusCode.DEADLINE_EXCEEDED, "no request", message) from None

    async def next(self) -> XdsRequest | None:
        """The next request; None if the client has ended the stream."""
        data = await self._context.read()
        if data is grpc.aio.EOF:
            return None
        if not self._bucket.takes():
            raise StreamRefused(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many requests", "too many requests")
        try:
            request = self._read(data)
        except WireError as error:
            raise StreamRefused(grpc.StatusCode.INVALID_ARGUMENT, "malformed request", str(error)) from None
        if _names(request) > self._limits.names:
            raise StreamRefused(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many names", "too many resource names")
        return request


def _names(request: XdsRequest) -> int:
    match request:
        case SotwRequest(names=names):
            return len(names)
        case DeltaRequest():
            return len(request.subscribe) + len(request.initial)


class _Stream:
    """One stream: reacts to requests, to new resources, and to rest."""

    def __init__(self, service: AdsService, context: Any, served: ServedProxy, session: Session) -> None:
        self.service, self.context, self.served, self.session = service, context, served, session
        self.state = StreamState(session.protocol)
        self.write = _WRITE[session.protocol]

    def resources(self) -> ServedResources:
        """What this client may have: private keys only if it is known who it is, or if that does not matter."""
        resources = self.served.resources
        is_trusted = self.session.identity or self.service.serves_secrets
        return resources if is_trusted else resources.without_secrets()

    async def run(self, first: XdsRequest, reader: RequestReader, changed: asyncio.Event) -> None:
        """Serve until the client or the server ends the stream."""
        await self.request(first)
        events: dict[str, asyncio.Task[Any]] = {}
        wait: dict[str, Callable[[], Awaitable[Any]]] = {
            "request": reader.next,
            "changed": changed.wait,
            "stopping": self.service.stopping.wait,
        }
        try:
            while True:
                for name, event in wait.items():
                    if name not in events:
                        events[name] = asyncio.ensure_future(event())
                timeout = REST if is_waiting(self.state) else None
                await asyncio.wait(events.values(), timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
                done = {name: events.pop(name) for name in tuple(events) if events[name].done()}
                if not await self.react(done, changed):
                    return
        finally:
            for task in events.values():
                task.cancel()

    async def react(self, done: dict[str, asyncio.Task[Any]], changed: asyncio.Event) -> bool:
        """Handle what happened. False if the stream is over."""
        if not done:
            await self.send(rested(self.state, self.resources()))
        if "changed" in done:
            changed.clear()
            edited = self.served.edited
            await self.send(pushed(self.state, self.resources()))
            if edited is not None:
                self.service.metrics.convergence.observe(monotonic() - edited)
        if "request" in done:
            request = done["request"].result()
            if request is None:
                return False
            await self.request(request)
        return "stopping" not in done

    async def request(self, request: XdsRequest) -> None:
        kind = SHORT.get(request.type_url)
        if kind is None:
            if self.session.has_new_unknown(request.type_url):
                log(logging.WARNING, "unknown type", proxy=self.served.proxy.id, type=request.type_url[:200])
            return
        await self.send(requested(self.state, request, self.resources()))
        error = request.answered.error
        if error is not None and self.state.subscriptions[request.type_url].error == error:
            self.service.metrics.rejects.labels(kind).inc()
            log(logging.WARNING, "rejected", proxy=self.served.proxy.id, type=kind, error=error[:2000])

    async def send(self, step: StreamStep) -> None:
        """Take the next state, and write its responses."""
        self.state = step.state
        self.session.subscriptions = step.state.subscriptions
        for response in step.responses:
            await self.send_one(response)

    async def send_one(self, response: XdsResponse) -> None:
        data, kind = self.write(response), SHORT[response.type_url]
        try:
            await asyncio.wait_for(self.context.write(data), self.service.limits.send_timeout)
        except TimeoutError:
            message = "the client does not read its responses"
            raise StreamRefused(grpc.StatusCode.DEADLINE_EXCEEDED, "slow reader", message) from None
        self.service.metrics.pushes.labels(kind).inc()
        self.service.metrics.sizes.labels(kind).inc(len(data))
