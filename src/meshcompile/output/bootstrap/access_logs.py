"""Access logs on stdout, wherever the configuration writes none."""

from meshcompile.emit.access_log.formats import DEFAULT_TEXT
from meshcompile.envoy.config.accesslog import AccessLog
from meshcompile.envoy.config.core import DataSource, SubstitutionFormatString
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.extensions.access_loggers.stream import StdoutAccessLog
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.envoy.extensions.filters.network.tcp_proxy import TcpProxy
from meshcompile.envoy.message import Message, replaced
from meshcompile.output.walk import rewritten

_FORMAT = SubstitutionFormatString(text_format_source=DataSource(inline_string=DEFAULT_TEXT))
_STDOUT = AccessLog(name="envoy.access_loggers.stdout", typed_config=StdoutAccessLog(log_format=_FORMAT))


def logging_to_stdout(listener: Listener) -> Listener:
    """The listener with Istio's default log lines on stdout."""
    return rewritten(listener, _with_log)


def _with_log(message: Message) -> Message:
    match message:
        case HttpConnectionManager(access_log=()) | TcpProxy(access_log=()):
            return replaced(message, access_log=(_STDOUT,))
        case _:
            return message
