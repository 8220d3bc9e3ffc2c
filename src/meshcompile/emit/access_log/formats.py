"""Formats of access logs, and the extensions that some of their operators need.

Follows istiod's `buildFileAccessTextLogFormat`, `buildFileAccessJSONLogFormat` and `accessLogFormatters`.
"""

from meshcompile.envoy.config.core import (
    DataSource,
    JsonFormatOptions,
    SubstitutionFormatString,
    TypedExtensionConfig,
)
from meshcompile.envoy.extensions.formatter.req_without_query import ReqWithoutQuery
from meshcompile.resolve.telemetry.sinks import LogFormat

# Istio's default format: every field with its operator, by the name that it has in JSON; the text quotes some.
_OPERATORS = {
    "start_time": "%START_TIME%",
    "route_name": "%ROUTE_NAME%",
    "method": "%REQ(:METHOD)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    "protocol": "%PROTOCOL%",
    "response_code": "%RESPONSE_CODE%",
    "response_flags": "%RESPONSE_FLAGS%",
    "response_code_details": "%RESPONSE_CODE_DETAILS%",
    "connection_termination_details": "%CONNECTION_TERMINATION_DETAILS%",
    "bytes_received": "%BYTES_RECEIVED%",
    "bytes_sent": "%BYTES_SENT%",
    "duration": "%DURATION%",
    "upstream_service_time": "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
    "x_forwarded_for": "%REQ(X-FORWARDED-FOR)%",
    "user_agent": "%REQ(USER-AGENT)%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "authority": "%REQ(:AUTHORITY)%",
    "upstream_host": "%UPSTREAM_HOST%",
    "upstream_cluster": "%UPSTREAM_CLUSTER_RAW%",
    "upstream_local_address": "%UPSTREAM_LOCAL_ADDRESS%",
    "downstream_local_address": "%DOWNSTREAM_LOCAL_ADDRESS%",
    "downstream_remote_address": "%DOWNSTREAM_REMOTE_ADDRESS%",
    "requested_server_name": "%REQUESTED_SERVER_NAME%",
    "upstream_transport_failure_reason": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
}
_LINE = (
    '[{start_time}] "{method} {path} {protocol}" {response_code} {response_flags} {response_code_details} '
    '{connection_termination_details} "{upstream_transport_failure_reason}" {bytes_received} {bytes_sent} {duration} '
    '{upstream_service_time} "{x_forwarded_for}" "{user_agent}" "{request_id}" "{authority}" "{upstream_host}" '
    "{upstream_cluster} {upstream_local_address} {downstream_local_address} {downstream_remote_address} "
    "{requested_server_name} {route_name}\n"
)
DEFAULT_JSON = _OPERATORS
DEFAULT_TEXT = _LINE.format_map(_OPERATORS)
# Operators that need an extension of Envoy. istiod adds no other extensions.
_FORMATTERS = {
    "%REQ_WITHOUT_QUERY": TypedExtensionConfig(
        name="envoy.formatter.req_without_query", typed_config=ReqWithoutQuery()
    ),
}


def log_format(written: LogFormat) -> SubstitutionFormatString:
    """The format of a line, JSON or text. Istio's default fields apply when the format is empty."""
    if written.json is not None:
        fields = written.json or DEFAULT_JSON
        return SubstitutionFormatString(
            json_format=fields,
            json_format_options=JsonFormatOptions(),
            omit_empty_values=written.omit_empty_values,
            formatters=formatters(*fields.values()),
        )
    text = _line(written.text)
    return SubstitutionFormatString(
        text_format_source=DataSource(inline_string=text),
        omit_empty_values=written.omit_empty_values,
        formatters=formatters(text),
    )


def formatters(*formats: object) -> tuple[TypedExtensionConfig, ...]:
    """The extensions that the operators in `formats` need. Only texts at the top level count."""
    texts = tuple(text for text in formats if isinstance(text, str))
    return tuple(extension for operator, extension in _FORMATTERS.items() if any(operator in text for text in texts))


def _line(text: str) -> str:
    """A format that ends its line, or Istio's default format without one."""
    return DEFAULT_TEXT if not text else text if text.endswith("\n") else f"{text}\n"
