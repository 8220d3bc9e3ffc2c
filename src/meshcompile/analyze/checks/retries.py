"""Retries that never happen, or that exceed the timeout of a rule."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.retries import (
    ABORT_NOT_RETRIED,
    ANSWERS_NOT_RETRIED,
    HANGING_TRY,
    TIMEOUT_NOT_REACHED,
    TRIES_CUT,
)
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.networking.virtual_service import HTTPRetry, HTTPRoute, VirtualService
from meshcompile.values.durations import Duration

CONNECTION_FAILURES = frozenset(
    {"connect-failure", "refused-stream", "reset-before-request", "http3-post-connect-failure"}
)
"""Retry conditions that hold only before the service answers."""


def retries(context: Context) -> Iterator[Diagnostic]:
    """A finding for each rule whose retries do not fit its timeout, its faults or its conditions."""
    for virtual_service in context.resources.all(VirtualService):
        for rule in virtual_service.spec.http:
            if rule.retries is not None and rule.retries.attempts > 0:
                yield from _timeouts(rule, rule.retries)
                yield from _conditions(rule.retries)
                if rule.fault is not None and rule.fault.abort is not None:
                    yield ABORT_NOT_RETRIED(rule.fault.at("abort"))


def _timeouts(rule: HTTPRoute, policy: HTTPRetry) -> Iterator[Diagnostic]:
    timeout, per_try = rule.timeout, policy.per_try_timeout
    if timeout is None or per_try is None or timeout.nanoseconds <= 0 or per_try.nanoseconds <= 0:
        return
    tries, place = policy.attempts + 1, policy.at("per_try_timeout")
    longest = per_try.nanoseconds * tries
    if per_try >= timeout:
        yield HANGING_TRY(
            place,
            timeout=timeout.json,
            per_try=per_try.json,
            suggestion=f"with {tries} tries, use at most {_shown(timeout.nanoseconds // tries)}",
        )
    elif longest > timeout.nanoseconds:
        last = -(-timeout.nanoseconds // per_try.nanoseconds)
        yield TRIES_CUT(place, tries=tries, per_try=per_try.json, timeout=timeout.json, last=last)
    elif longest * 2 <= timeout.nanoseconds:
        yield TIMEOUT_NOT_REACHED(
            place, per_try=per_try.json, tries=tries, timeout=timeout.json, longest=_shown(longest)
        )


def _shown(nanoseconds: int) -> str:
    return Duration(nanoseconds).json


def _conditions(policy: HTTPRetry) -> Iterator[Diagnostic]:
    conditions = {part.strip() for part in policy.retry_on.split(",") if part.strip()}
    if conditions and conditions <= CONNECTION_FAILURES:
        yield ANSWERS_NOT_RETRIED(policy.at("retry_on"), retry_on=policy.retry_on, status=503)
