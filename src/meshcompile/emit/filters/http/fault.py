"""`envoy.filters.http.fault`: does nothing by itself; routes configure delays and aborts.

Follows istiod's `TranslateFault` for what rules of VirtualServices ask for.
"""

from meshcompile.emit.fractions import fraction_of, percent
from meshcompile.envoy.extensions.filters.common.fault import FaultDelay
from meshcompile.envoy.extensions.filters.http.fault import FaultAbort, HTTPFault
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.models.networking.virtual_service import Abort, Delay, HTTPRoute
from meshcompile.resolve.http_connection import HttpFilterInputs, HttpTraits

NAME = "envoy.filters.http.fault"
# Status codes of gRPC, in the order of their numbers.
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


def per_route(rule: HTTPRoute) -> HTTPFault | None:
    """The delays and aborts of a rule's routes; None when it has no `fault`."""
    if rule.fault is None:
        return None
    return HTTPFault(delay=_delay(rule.fault.delay), abort=_abort(rule.fault.abort))


def _delay(delay: Delay | None) -> FaultDelay | None:
    """A fixed delay; Envoy has no exponential one, and without a length there is none."""
    if delay is None or delay.fixed_delay is None:
        return None
    share = percent(delay.percent) if delay.percentage is None else fraction_of(delay.percentage)
    return FaultDelay(fixed_delay=delay.fixed_delay.json, percentage=share)


def _abort(abort: Abort | None) -> FaultAbort | None:
    """An abort with an HTTP or a gRPC status. Without a percentage Envoy's default counts, which is none."""
    if abort is None or (abort.http_status is None and abort.grpc_status is None):
        return None
    return FaultAbort(
        http_status=abort.http_status,
        grpc_status=GRPC_STATUS.index(abort.grpc_status) if abort.grpc_status in GRPC_STATUS else None,
        percentage=None if abort.percentage is None else fraction_of(abort.percentage),
    )
