"""The messages of the discovery protocol, without delta and with it, between bytes and values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from msgspec import Struct

from meshcompile.envoy.wire import Limits, decode
from meshcompile.envoy.wire.scalars import WireType, delimited, tag, varint
from meshcompile.serve.xds_resources import XdsResource

SERVICE = "envoy.service.discovery.v3."
REQUEST_LIMITS = Limits(size=4 * 1024 * 1024, depth=64, values=100_000)


class Answered(Struct, frozen=True):
    """What a request says about an earlier response: its nonce, and the reason if it was rejected."""

    nonce: str = ""
    error: str | None = None


class SotwRequest(Struct, frozen=True):
    """A DiscoveryRequest. `node` is empty except in the first request of a stream.

    `version` is that of the last response that the client has accepted, also in an earlier stream.
    """

    type_url: str
    names: tuple[str, ...] = ()
    answered: Answered = Answered()
    node: Mapping[str, Any] = {}
    version: str = ""


class DeltaRequest(Struct, frozen=True):
    """A DeltaDiscoveryRequest. `initial` are the versions of the resources that the client has already."""

    type_url: str
    subscribe: tuple[str, ...] = ()
    unsubscribe: tuple[str, ...] = ()
    initial: Mapping[str, str] = {}
    answered: Answered = Answered()
    node: Mapping[str, Any] = {}


XdsRequest: TypeAlias = SotwRequest | DeltaRequest


class XdsResponse(Struct, frozen=True):
    """Resources of one type that are sent, and, with delta, the names of those that are gone."""

    type_url: str
    nonce: str
    version: str
    resources: tuple[XdsResource, ...]
    removed: tuple[str, ...] = ()


def sotw_request(data: bytes) -> SotwRequest:
    """The request that the bytes hold. Raises WireError."""
    read = decode(f"{SERVICE}DiscoveryRequest", data, REQUEST_LIMITS)
    names = tuple(read.get("resourceNames", ()))
    version = read.get("versionInfo", "")
    return SotwRequest(read.get("typeUrl", ""), names, _answered(read), read.get("node", {}), version)


def delta_request(data: bytes) -> DeltaRequest:
    """The request that the bytes hold. Raises WireError."""
    read = decode(f"{SERVICE}DeltaDiscoveryRequest", data, REQUEST_LIMITS)
    return DeltaRequest(
        type_url=read.get("typeUrl", ""),
        subscribe=tuple(read.get("resourceNamesSubscribe", ())),
        unsubscribe=tuple(read.get("resourceNamesUnsubscribe", ())),
        initial=read.get("initialResourceVersions", {}),
        answered=_answered(read),
        node=read.get("node", {}),
    )


def _answered(read: Mapping[str, Any]) -> Answered:
    error = read.get("errorDetail")
    return Answered(read.get("responseNonce", ""), None if error is None else str(error.get("message", "")))


def sotw_response(response: XdsResponse) -> bytes:
    """A DiscoveryResponse. Resources are already serialized, so the pieces are only joined."""
    pieces = [_field(1, response.version.encode())]
    for each in response.resources:
        pieces += (_head(2, each.size), *each.pieces)
    return b"".join((*pieces, _field(4, response.type_url.encode()), _field(5, response.nonce.encode())))


def delta_response(response: XdsResponse) -> bytes:
    """A DeltaDiscoveryResponse."""
    pieces = [_field(1, response.version.encode())]
    for each in response.resources:
        before, after = _around(each)
        pieces += (before, *each.pieces, after)
    pieces += (_field(4, response.type_url.encode()), _field(5, response.nonce.encode()))
    return b"".join((*pieces, *(_field(6, name.encode()) for name in response.removed)))


def _around(resource: XdsResource) -> tuple[bytes, bytes]:
    """What a Resource has before and after its content: the version and the name. It stays with the resource."""
    known = resource.__dict__
    around: tuple[bytes, bytes] | None = known.get("around")
    if around is None:
        before = _field(1, resource.version.encode()) + _head(2, resource.size)
        after = _field(3, resource.name.encode())
        around = known["around"] = _head(2, len(before) + resource.size + len(after)) + before, after
    return around


def _head(number: int, size: int) -> bytes:
    """What comes before the bytes of a field."""
    return tag(number, WireType.LENGTH) + varint(size)


def _field(number: int, value: bytes) -> bytes:
    """A field whose value is text or a message."""
    return tag(number, WireType.LENGTH) + delimited(value)
