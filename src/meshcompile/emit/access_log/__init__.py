"""Access logs of a traffic class. Follows istiod's `AccessLogBuilder`.

The log service of the bootstrap also gets the logs when the mesh config sets `enableEnvoyAccessLogService`.
"""

from collections.abc import Iterable

from meshcompile.emit.access_log.filters import (
    FAILED_REQUEST,
    NO_FILTER_CHAIN,
    UPSTREAM_FAILURE,
    both,
    expression,
)
from meshcompile.emit.access_log.log_services import HTTP_TO_BOOTSTRAP, LISTENER_TO_BOOTSTRAP, TCP_TO_BOOTSTRAP
from meshcompile.emit.access_log.sinks import access_log
from meshcompile.envoy.config.accesslog import AccessLog, AccessLogFilter
from meshcompile.envoy.message import at
from meshcompile.queries import derived
from meshcompile.resolve.telemetry import AccessLogs, Telemetry
from meshcompile.resolve.telemetry.access_logs import AccessLog as ResolvedAccessLog


@derived
def http_access_logs(telemetry: Telemetry) -> tuple[AccessLog, ...]:
    """The access logs of an HTTP connection manager."""
    return _logs(telemetry.access_logs, None, HTTP_TO_BOOTSTRAP)


@derived
def tcp_access_logs(telemetry: Telemetry) -> tuple[AccessLog, ...]:
    """The access logs of a TCP proxy."""
    return _logs(telemetry.access_logs, None, TCP_TO_BOOTSTRAP)


@derived
def listener_access_logs(telemetry: Telemetry) -> tuple[AccessLog, ...]:
    """The access logs of a listener, for connections that match no filter chain."""
    logs = telemetry.access_logs
    return _logs(logs, NO_FILTER_CHAIN, LISTENER_TO_BOOTSTRAP) if logs.of_listeners else ()


@derived
def tunnel_access_logs(telemetry: Telemetry) -> tuple[AccessLog, ...]:
    """The access logs of an opened tunnel: only failures to connect, since what it carries is logged elsewhere."""
    return _logs(telemetry.access_logs, UPSTREAM_FAILURE, None)


@derived
def tunnel_end_access_logs(telemetry: Telemetry) -> tuple[AccessLog, ...]:
    """The access logs at the end of a tunnel: only failed requests, since what it carries is logged elsewhere."""
    return _logs(telemetry.access_logs, FAILED_REQUEST, None)


def _logs(logs: AccessLogs, condition: AccessLogFilter | None, to_bootstrap: AccessLog | None) -> tuple[AccessLog, ...]:
    own = (at(access_log(log.sink, both(_conditions(condition, log))), log.origins) for log in logs.logs)
    return (*own, *((to_bootstrap,) if logs.log_service and to_bootstrap is not None else ()))


def _conditions(condition: AccessLogFilter | None, log: ResolvedAccessLog) -> Iterable[AccessLogFilter]:
    if condition is not None:
        yield condition
    if log.expression is not None:
        yield at(expression(log.expression), log.expression_origin)
