"""The access logs of one traffic class.

Follows istiod's `Telemetries.AccessLogging`, `mergeLogs` and `telemetryAccessLog`. Where neither a Telemetry nor a
default provider decides, or none of the providers can be used, the older settings of the mesh config hold.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from meshcompile.models.common import Struct
from meshcompile.models.mesh.extension_providers import (
    EnvoyFileAccessLogProvider,
    EnvoyHttpGrpcV3LogProvider,
    EnvoyOpenTelemetryLogProvider,
    EnvoyTcpGrpcV3LogProvider,
    ExtensionProvider,
)
from meshcompile.models.mesh.mesh_config import AccessLogEncoding, MeshConfig
from meshcompile.models.telemetry.telemetry import AccessLogging, AccessLoggingFilter, WorkloadMode
from meshcompile.resolve.providers import ProviderService, provider_service
from meshcompile.resolve.telemetry.modes import concerns, provider_names
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.source import Origin

STDOUT = "/dev/stdout"
# The provider that is always there, whose format is the mesh config's.
BUILTIN_PROVIDER = "envoy"
# What the proxies of both sides have told about themselves.
PEERS = ("upstream_peer", "downstream_peer")
"""Filter state that log services get unless they ask for other."""


@dataclass(frozen=True, slots=True, eq=False)
class LogFormat:
    """How a line looks: a text, or JSON with command operators as values; with neither, Istio's default text."""

    text: str = ""
    json: Struct | None = None
    omit_empty_values: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class FileLog:
    """Lines in a file; without a format in Envoy's own."""

    path: str
    format: LogFormat | None


@dataclass(frozen=True, slots=True, eq=False)
class HttpLogService:
    """Requests sent to a gRPC access log service."""

    service: ProviderService
    log_name: str
    filter_state: tuple[str, ...]
    request_headers: tuple[str, ...]
    response_headers: tuple[str, ...]
    response_trailers: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TcpLogService:
    """Connections sent to a gRPC access log service."""

    service: ProviderService
    log_name: str
    filter_state: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class OpenTelemetryLog:
    """Records sent to an OpenTelemetry collector; an empty body stands for Istio's default text."""

    service: ProviderService
    log_name: str
    body: str
    attributes: Struct


Sink: TypeAlias = FileLog | HttpLogService | TcpLogService | OpenTelemetryLog


@dataclass(frozen=True, slots=True)
class AccessLog:
    """One access log, of what a CEL expression holds for; None stands for everything."""

    sink: Sink
    expression: str | None = None
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessLogs:
    """The access logs of one traffic class.

    `log_service`: also to the log service that the bootstrap names. `of_listeners`: listeners log the connections that
    none of their filter chains takes.
    """

    logs: tuple[AccessLog, ...] = ()
    log_service: bool = False
    of_listeners: bool = True


def access_logs(blocks: tuple[tuple[AccessLogging, ...], ...], snapshot: Snapshot, mode: WorkloadMode) -> AccessLogs:
    """The access logs that the `accessLogging` of each Telemetry in force asks for."""
    mesh, defaults = snapshot.mesh, snapshot.telemetry.defaults.access_logging
    merged = _merged(blocks, defaults, mode) if blocks else {name: _Wanted() for name in defaults}
    found = [
        (provider.name, name, wanted, sink)
        for name, wanted in merged.items()
        if (provider := snapshot.telemetry.provider(name)) is not None
        and (sink := _known_sink(snapshot, provider)) is not None
    ]
    if not found:
        return _of_mesh(mesh)
    return AccessLogs(
        logs=tuple(
            AccessLog(sink, None if wanted.filter is None else wanted.filter.expression, wanted.origins)
            for _, _, wanted, sink in sorted(found, key=lambda f: f[:2])
            if not wanted.disabled
        ),
        of_listeners=not mesh.disable_envoy_listener_log,
    )


def _of_mesh(mesh: MeshConfig) -> AccessLogs:
    """What the mesh config's `accessLogFile` and `enableEnvoyAccessLogService` ask for."""
    return AccessLogs(
        logs=(AccessLog(FileLog(mesh.access_log_file, mesh_format(mesh))),) if mesh.access_log_file else (),
        log_service=mesh.enable_envoy_access_log_service,
        of_listeners=not mesh.disable_envoy_listener_log,
    )


# ---- which providers, and for which requests


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is wanted of one provider."""

    disabled: bool = False
    filter: AccessLoggingFilter | None = None
    origins: tuple[Origin, ...] = ()


def _merged(
    telemetries: tuple[tuple[AccessLogging, ...], ...], defaults: tuple[str, ...], mode: WorkloadMode
) -> Mapping[str, _Wanted]:
    """What the blocks want of each provider in force: those of the last Telemetry that names any for this mode.

    A block without providers is about those of the block before it, whatever mode that was for; its filter does not
    count, since filters belong to the providers that are named beside them.
    """
    in_force: frozenset[str] = frozenset(defaults)
    named: dict[str, _Wanted] = {}
    for blocks in telemetries:
        own = {
            name: _Wanted(filter=block.filter)
            for block in blocks
            if concerns(block.match, mode)
            for name in provider_names(block.providers)
        }
        named |= own
        in_force = frozenset(own) or in_force
    wanted: dict[str, _Wanted] = {}
    names = defaults
    for block in (block for blocks in telemetries for block in blocks):
        names = provider_names(block.providers) or names
        if concerns(block.match, mode):
            for name in in_force.intersection(names):
                asked = named.get(name, _Wanted())
                wanted[name] = replace(asked, disabled=bool(block.disabled), origins=(block.origin,))
    return wanted


# ---- where the providers send their logs


def _known_sink(snapshot: Snapshot, provider: ExtensionProvider) -> Sink | None:
    return snapshot.memo.once(("access log sink", provider.name), lambda: sink(snapshot, provider))


def sink(snapshot: Snapshot, provider: ExtensionProvider) -> Sink | None:
    """Where a provider sends access logs; None when it takes none, or its service is not known."""
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
    """The format that the mesh config gives; JSON that cannot be read is as good as none."""
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
