"""Conditions of access logs. Follows istiod's `buildAccessLogFilter` and its kin."""

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
NOT_CONNECTED = AccessLogFilter(response_flag_filter=ResponseFlagFilter(flags=("UF",)))
# Envoy wants a key for its runtime; this one is never set there.
ANSWERED_WITH_ERROR = AccessLogFilter(
    status_code_filter=StatusCodeFilter(
        comparison=ComparisonFilter(op="GE", value=RuntimeUInt32(default_value=400, runtime_key="istio.io/unset"))
    )
)


def expression(cel: str) -> AccessLogFilter:
    """A CEL expression that must hold."""
    return AccessLogFilter(extension_filter=ExtensionFilter(name=CEL, typed_config=ExpressionFilter(expression=cel)))


def both(conditions: Iterable[AccessLogFilter]) -> AccessLogFilter | None:
    """All of the conditions at once; None when there are none."""
    match tuple(conditions):
        case ():
            return None
        case (only,):
            return only
        case several:
            return AccessLogFilter(and_filter=AndFilter(filters=several))
