"""Access logs, from what a traffic class reports."""

from meshcompile.envoy.config.accesslog import AccessLog
from meshcompile.resolve.telemetry import Telemetry


def http_access_logs(telemetry: Telemetry) -> tuple[AccessLog, ...]:
    """The access logs of an HTTP connection manager."""
    return ()


def tcp_access_logs(telemetry: Telemetry) -> tuple[AccessLog, ...]:
    """The access logs of a TCP proxy."""
    return ()


def listener_access_logs(telemetry: Telemetry) -> tuple[AccessLog, ...]:
    """The access logs of a listener: of connections that no filter chain takes."""
    return ()
