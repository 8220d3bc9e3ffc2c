"""`envoy.filters.http.fault`: enables fault injection, which routes configure.

Follows istiod's `TranslateFault` for the rules of VirtualServices.
"""

from meshcompile.emit.fractions import fraction_of, share
from meshcompile.envoy.extensions.filters.common.fault import FaultDelay
from meshcompile.envoy.extensions.filters.http.fault import FaultAbort, HTTPFault
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.envoy.message import at
from meshcompile.resolve.listeners.http_connection import HttpFilterInputs, HttpTraits
from meshcompile.resolve.routes.intent import FaultAbort as Abort
from meshcompile.resolve.routes.intent import FaultDelay as Delay
from meshcompile.resolve.routes.intent import RouteRule

NAME = "envoy.filters.http.fault"
# The status codes of gRPC, in the order of their numbers.
GRPC_STATUS = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)
_FILTER = HttpFilter(name=NAME, typed_config=HTTPFault())


def filters(traits: HttpTraits, inputs: HttpFilterInputs) -> tuple[HttpFilter, ...]:
    return (_FILTER,)


def per_route(rule: RouteRule) -> HTTPFault | None:
    """The delays and aborts of a rule's routes; None when the rule has none."""
    if rule.fault is None:
        return None
    return at(HTTPFault(delay=_delay(rule.fault.delay), abort=_abort(rule.fault.abort)), rule.fault.origin)


def _delay(delay: Delay | None) -> FaultDelay | None:
    if delay is None:
        return None
    return at(FaultDelay(fixed_delay=delay.duration.json, percentage=share(delay.percentage)), delay.origin)


def _abort(abort: Abort | None) -> FaultAbort | None:
    """An abort. Without a percentage, Envoy's default of none applies."""
    if abort is None:
        return None
    return at(
        FaultAbort(
            http_status=abort.http_status,
            grpc_status=GRPC_STATUS.index(abort.grpc_status) if abort.grpc_status in GRPC_STATUS else None,
            percentage=None if abort.percentage is None else fraction_of(abort.percentage),
        ),
        abort.origin,
    )
