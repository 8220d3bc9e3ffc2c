"""One access log, by its sink. Follows istiod's `telemetryAccessLog`."""

from collections.abc import Mapping

from meshcompile.emit.access_log.formats import DEFAULT_TEXT, formatters, log_format
from meshcompile.emit.access_log.log_services import ALL_PEERS, HTTP, TCP, common_config
from meshcompile.emit.provider_services import envoy_grpc
from meshcompile.envoy.config.accesslog import AccessLog, AccessLogFilter
from meshcompile.envoy.config.core import GrpcService
from meshcompile.envoy.extensions.access_loggers.file import FileAccessLog
from meshcompile.envoy.extensions.access_loggers.grpc import HttpGrpcAccessLogConfig, TcpGrpcAccessLogConfig
from meshcompile.envoy.extensions.access_loggers.open_telemetry import OpenTelemetryAccessLogConfig
from meshcompile.envoy.opentelemetry.proto.common import AnyValue, KeyValue, KeyValueList
from meshcompile.resolve.telemetry.sinks import FileLog, HttpLogService, OpenTelemetryLog, Sink, TcpLogService

FILE = "envoy.access_loggers.file"
OPEN_TELEMETRY = "envoy.access_loggers.open_telemetry"


def access_log(sink: Sink, condition: AccessLogFilter | None) -> AccessLog:
    """The access log of a sink, with a filter."""
    match sink:
        case FileLog():
            return AccessLog(name=FILE, filter=condition, typed_config=_file(sink))
        case HttpLogService():
            return AccessLog(name=HTTP, filter=condition, typed_config=_http(sink))
        case TcpLogService():
            return AccessLog(name=TCP, filter=condition, typed_config=_tcp(sink))
        case OpenTelemetryLog():
            return AccessLog(name=OPEN_TELEMETRY, filter=condition, typed_config=_open_telemetry(sink))


def _file(file: FileLog) -> FileAccessLog:
    return FileAccessLog(path=file.path, log_format=None if file.format is None else log_format(file.format))


def _http(als: HttpLogService) -> HttpGrpcAccessLogConfig:
    return HttpGrpcAccessLogConfig(
        common_config=common_config(als.log_name, GrpcService(envoy_grpc=envoy_grpc(als.service)), als.filter_state),
        additional_request_headers_to_log=als.request_headers,
        additional_response_headers_to_log=als.response_headers,
        additional_response_trailers_to_log=als.response_trailers,
    )


def _tcp(als: TcpLogService) -> TcpGrpcAccessLogConfig:
    return TcpGrpcAccessLogConfig(
        common_config=common_config(als.log_name, GrpcService(envoy_grpc=envoy_grpc(als.service)), als.filter_state)
    )


def _open_telemetry(log: OpenTelemetryLog) -> OpenTelemetryAccessLogConfig:
    body = log.body or DEFAULT_TEXT
    return OpenTelemetryAccessLogConfig(
        common_config=common_config(log.log_name, GrpcService(envoy_grpc=envoy_grpc(log.service)), ALL_PEERS),
        disable_builtin_labels=True,
        body=AnyValue(string_value=body),
        attributes=_attributes(log.attributes) if log.attributes else None,
        formatters=formatters(body, *log.attributes.values()),
    )


def _attributes(written: Mapping[str, object]) -> KeyValueList:
    """The attributes by name. A value that is not text is logged as an empty value."""
    return KeyValueList(
        values=tuple(
            KeyValue(key=key, value=AnyValue(string_value=value if isinstance(value, str) else ""))
            for key, value in sorted(written.items())
        )
    )
