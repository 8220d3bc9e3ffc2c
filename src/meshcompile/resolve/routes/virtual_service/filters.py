"""The filter settings of rules. Follows istiod's `TranslateFault` and `TranslateCORSPolicy`."""

from meshcompile.models.common import StringMatch
from meshcompile.models.networking.virtual_service import (
    Abort,
    CorsPolicy,
    Delay,
    HTTPFaultInjection,
    UnmatchedPreflights,
)
from meshcompile.resolve.routes.intent import Cors, Fault, FaultAbort, FaultDelay


def fault(injection: HTTPFaultInjection | None) -> Fault | None:
    """The delays and aborts that are complete."""
    if injection is None:
        return None
    return Fault(_delay(injection.delay), _abort(injection.abort), injection.origin)


def _delay(delay: Delay | None) -> FaultDelay | None:
    """A fixed delay; None without a length. Envoy has no exponential delay."""
    if delay is None or delay.fixed_delay is None:
        return None
    percentage = delay.percent if delay.percentage is None else delay.percentage
    return FaultDelay(delay.fixed_delay, percentage, delay.origin)


def _abort(abort: Abort | None) -> FaultAbort | None:
    """An abort with an HTTP or a gRPC status."""
    if abort is None or (abort.http_status is None and abort.grpc_status is None):
        return None
    return FaultAbort(abort.http_status, abort.grpc_status, abort.percentage, abort.origin)


def cors(policy: CorsPolicy | None) -> Cors | None:
    """The CORS policy. The deprecated list of origins applies only without the current one."""
    if policy is None:
        return None
    return Cors(
        allow_origins=policy.allow_origins or tuple(StringMatch(exact=origin) for origin in policy.allow_origin),
        allow_methods=policy.allow_methods,
        allow_headers=policy.allow_headers,
        expose_headers=policy.expose_headers,
        max_age=None if policy.max_age is None else int(policy.max_age.seconds),
        allow_credentials=policy.allow_credentials,
        forward_unmatched_preflights=policy.unmatched_preflights is not UnmatchedPreflights.IGNORE,
        origin=policy.origin,
    )
