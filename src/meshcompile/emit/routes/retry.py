"""Retries. Follows istiod's `retry.ConvertPolicy`."""

from http import HTTPStatus

from meshcompile.envoy.config.route import (
    RetryPolicy,
    RetryPolicyRetryBackOff,
    RetryPolicyRetryHostPredicate,
    RetryPolicyRetryPriority,
)
from meshcompile.envoy.extensions.retry.host.previous_hosts import PreviousHostsPredicate
from meshcompile.envoy.extensions.retry.priority.previous_priorities import PreviousPrioritiesConfig
from meshcompile.models.networking.virtual_service import HTTPRetry

DEFAULT_RETRY_ON = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"
STATUS_CODES = "retriable-status-codes"
DEFAULT_RETRIES = 2
# How often Envoy looks for a host that it has not tried.
HOST_SELECTIONS = "5"

_OTHER_HOSTS = (
    RetryPolicyRetryHostPredicate(
        name="envoy.retry_host_predicates.previous_hosts", typed_config=PreviousHostsPredicate()
    ),
)
_OTHER_PRIORITIES = RetryPolicyRetryPriority(
    name="envoy.retry_priorities.previous_priorities", typed_config=PreviousPrioritiesConfig(update_frequency=2)
)
_DEFAULT = RetryPolicy(
    retry_on=DEFAULT_RETRY_ON,
    num_retries=DEFAULT_RETRIES,
    host_selection_retry_max_attempts=HOST_SELECTIONS,
    retry_host_predicate=_OTHER_HOSTS,
)
_DEFAULT_KEEPING_HOST = RetryPolicy(
    retry_on=DEFAULT_RETRY_ON, num_retries=DEFAULT_RETRIES, host_selection_retry_max_attempts=HOST_SELECTIONS
)
# Go's net/http, which istiod asks, has a text for the same codes.
_KNOWN_CODES = frozenset(status.value for status in HTTPStatus)


def retry_policy(wanted: HTTPRetry | None, *, keeps_host: bool) -> RetryPolicy | None:
    """The policy, Istio's default when none is given; None when retries are turned off.

    `keeps_host`: a consistent hash chose the host, so a retry does not look for another.
    """
    if wanted is None:
        return _DEFAULT_KEEPING_HOST if keeps_host else _DEFAULT
    if wanted.attempts <= 0:
        return None
    conditions, codes = retry_on(wanted.retry_on)
    other_hosts = wanted.retry_ignore_previous_hosts
    return RetryPolicy(
        retry_on=conditions,
        num_retries=wanted.attempts,
        per_try_timeout=None if wanted.per_try_timeout is None else wanted.per_try_timeout.json,
        retry_priority=_OTHER_PRIORITIES if wanted.retry_remote_localities else None,
        retry_host_predicate=_OTHER_HOSTS if (not keeps_host if other_hosts is None else other_hosts) else (),
        host_selection_retry_max_attempts=HOST_SELECTIONS,
        retriable_status_codes=codes,
        retry_back_off=None if wanted.backoff is None else RetryPolicyRetryBackOff(base_interval=wanted.backoff.json),
    )


def retry_on(text: str) -> tuple[str, tuple[int, ...]]:
    """Envoy's conditions, and the status codes that may be written among them."""
    if not text:
        return DEFAULT_RETRY_ON, ()
    parts = [part for part in map(str.strip, text.split(",")) if part]
    codes = tuple(code for part in parts if (code := _status_code(part)))
    conditions = ",".join(part for part in parts if not _status_code(part))
    if codes and STATUS_CODES not in conditions:
        return f"{conditions},{STATUS_CODES}", codes
    return conditions, codes


def _status_code(text: str) -> int:
    """The code that a text names, with a sign or without; 0 when it names none."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    code = int(digits) if digits.isascii() and digits.isdigit() and text[:1] != "-" else 0
    return code if code in _KNOWN_CODES else 0
