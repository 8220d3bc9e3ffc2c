"""The sinks of access logs: files, gRPC log services, OpenTelemetry collectors.

Follows istiod's `telemetryAccessLog`.
"""

import json
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from meshcompile.models.common import Struct
from meshcompile.models.mesh.extension_providers import (
    EnvoyFileAccessLogProvider,
    EnvoyHttpGrpcV3LogProvider,
    EnvoyOpenTelemetryLogProvider,
    EnvoyTcpGrpcV3LogProvider,
    ExtensionProvider,
)
from meshcompile.models.mesh.mesh_config import AccessLogEncoding, MeshConfig
from meshcompile.resolve.security.providers import ProviderService, provider_service
from meshcompile.snapshot.snapshot import Snapshot

STDOUT = "/dev/stdout"
# The built-in provider. It uses the format of the mesh config.
BUILTIN_PROVIDER = "envoy"
# The metadata that the proxies of both sides exchange.
PEERS = ("upstream_peer", "downstream_peer")
"""Filter state that log services get unless they ask for other."""


@dataclass(frozen=True, slots=True)
class LogFormat:
    """The format of a line: text, or JSON whose values are command operators.

    Without either, it is Istio's default text format.
    """

    text: str = ""
    json: Struct | None = field(default=None, hash=False)
    omit_empty_values: bool = False


class FileLog(msgspec.Struct, frozen=True):
    """A log file. Without a format, it uses Envoy's."""

    path: str
    format: LogFormat | None


class HttpLogService(msgspec.Struct, frozen=True):
    """A gRPC access log service for requests."""

    service: ProviderService
    log_name: str
    filter_state: tuple[str, ...]
    request_headers: tuple[str, ...]
    response_headers: tuple[str, ...]
    response_trailers: tuple[str, ...]


class TcpLogService(msgspec.Struct, frozen=True):
    """A gRPC access log service for connections."""

    service: ProviderService
    log_name: str
    filter_state: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenTelemetryLog:
    """An OpenTelemetry collector for log records. An empty body means Istio's default text format."""

    service: ProviderService
    log_name: str
    body: str
    attributes: Struct = field(hash=False)


Sink: TypeAlias = FileLog | HttpLogService | TcpLogService | OpenTelemetryLog


def sink(snapshot: Snapshot, provider: ExtensionProvider) -> Sink | None:
    """The access log sink of a provider; None when it takes no access logs, or its service is unknown."""
    match provider:
        case ExtensionProvider(envoy_file_access_log=EnvoyFileAccessLogProvider() as file):
            return _file_log(provider.name, file, snapshot.mesh)
        case ExtensionProvider(envoy_http_als=EnvoyHttpGrpcV3LogProvider() as als):
            service = provider_service(snapshot.services, als.service, als.port)
            return None if service is None else _http_log_service(service, als)
        case ExtensionProvider(envoy_tcp_als=EnvoyTcpGrpcV3LogProvider() as als):
            service = provider_service(snapshot.services, als.service, als.port)
            return None if service is None else _tcp_log_service(service, als)
        case ExtensionProvider(envoy_otel_als=EnvoyOpenTelemetryLogProvider() as als):
            service = provider_service(snapshot.services, als.service, als.port)
            return None if service is None else _open_telemetry_log(service, als)
        case _:
            return None


def _file_log(name: str, file: EnvoyFileAccessLogProvider, mesh: MeshConfig) -> FileLog:
    written = file.log_format
    if written is None and name == BUILTIN_PROVIDER and not file.omit_empty_values:
        return FileLog(file.path, mesh_format(mesh))
    if written is None:
        return FileLog(file.path or STDOUT, LogFormat(omit_empty_values=file.omit_empty_values))
    if written.text is None and written.labels is None:
        return FileLog(file.path or STDOUT, None)
    return FileLog(file.path or STDOUT, LogFormat(written.text or "", written.labels, file.omit_empty_values))


def mesh_format(mesh: MeshConfig) -> LogFormat:
    """The format in the mesh config. Invalid JSON counts as no format."""
    if mesh.access_log_encoding is AccessLogEncoding.TEXT:
        return LogFormat(text=mesh.access_log_format)
    return LogFormat(json=_json_object(mesh.access_log_format) if mesh.access_log_format else {})


def _json_object(text: str) -> Struct:
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _http_log_service(service: ProviderService, als: EnvoyHttpGrpcV3LogProvider) -> HttpLogService:
    return HttpLogService(
        service=service,
        log_name=als.log_name or "http_envoy_accesslog",
        filter_state=als.filter_state_objects_to_log or PEERS,
        request_headers=als.additional_request_headers_to_log,
        response_headers=als.additional_response_headers_to_log,
        response_trailers=als.additional_response_trailers_to_log,
    )


def _tcp_log_service(service: ProviderService, als: EnvoyTcpGrpcV3LogProvider) -> TcpLogService:
    return TcpLogService(
        service=service,
        log_name=als.log_name or "tcp_envoy_accesslog",
        filter_state=als.filter_state_objects_to_log or PEERS,
    )


def _open_telemetry_log(service: ProviderService, als: EnvoyOpenTelemetryLogProvider) -> OpenTelemetryLog:
    written = als.log_format
    return OpenTelemetryLog(
        service=service,
        log_name=als.log_name or "otel_envoy_accesslog",
        body="" if written is None else written.text,
        attributes={} if written is None else written.labels or {},
    )
