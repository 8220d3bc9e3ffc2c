"""Filters of access logs. Follows istiod's `buildAccessLogFilter` and related functions."""

from collections.abc import Iterable

from meshcompile.envoy.config.accesslog import (
    AccessLogFilter,
    AndFilter,
    ComparisonFilter,
    ExtensionFilter,
    ResponseFlagFilter,
    StatusCodeFilter,
)
from meshcompile.envoy.config.core import RuntimeUInt32
from meshcompile.envoy.extensions.access_loggers.filters.cel import ExpressionFilter

CEL = "envoy.access_loggers.extension_filters.cel"

NO_FILTER_CHAIN = AccessLogFilter(response_flag_filter=ResponseFlagFilter(flags=("NR",)))
UPSTREAM_FAILURE = AccessLogFilter(response_flag_filter=ResponseFlagFilter(flags=("UF",)))
# Envoy requires a runtime key, and nothing sets this one.
FAILED_REQUEST = AccessLogFilter(
    status_code_filter=StatusCodeFilter(
        comparison=ComparisonFilter(op="GE", value=RuntimeUInt32(default_value=400, runtime_key="istio.io/unset"))
    )
)


def expression(cel: str) -> AccessLogFilter:
    """A filter by a CEL expression."""
    return AccessLogFilter(extension_filter=ExtensionFilter(name=CEL, typed_config=ExpressionFilter(expression=cel)))


def both(conditions: Iterable[AccessLogFilter]) -> AccessLogFilter | None:
    """All of the filters together; None when there are none."""
    match tuple(conditions):
        case ():
            return None
        case (only,):
            return only
        case several:
            return AccessLogFilter(and_filter=AndFilter(filters=several))
