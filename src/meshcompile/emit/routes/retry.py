"""Retries. Follows istiod's `retry.ConvertPolicy`."""

from meshcompile.emit.durations import duration
from meshcompile.envoy.config.route import (
    RetryPolicy,
    RetryPolicyRetryBackOff,
    RetryPolicyRetryHostPredicate,
    RetryPolicyRetryPriority,
)
from meshcompile.envoy.extensions.retry.host.previous_hosts import PreviousHostsPredicate
from meshcompile.envoy.extensions.retry.priority.previous_priorities import PreviousPrioritiesConfig
from meshcompile.envoy.message import at
from meshcompile.resolve.routes.intent import DEFAULT_RETRY, DEFAULT_RETRY_AT_HOST, Retry

# How many times Envoy looks for a host that it has not tried.
HOST_SELECTIONS = "5"

_OTHER_HOSTS = (
    RetryPolicyRetryHostPredicate(
        name="envoy.retry_host_predicates.previous_hosts", typed_config=PreviousHostsPredicate()
    ),
)
_OTHER_PRIORITIES = RetryPolicyRetryPriority(
    name="envoy.retry_priorities.previous_priorities", typed_config=PreviousPrioritiesConfig(update_frequency=2)
)


def retry_policy(retry: Retry | None) -> RetryPolicy | None:
    """The retry policy; None without retries."""
    if retry is None:
        return None
    if retry is DEFAULT_RETRY:
        return _DEFAULT
    return _DEFAULT_AT_HOST if retry is DEFAULT_RETRY_AT_HOST else _policy(retry)


def _policy(retry: Retry) -> RetryPolicy:
    return at(
        RetryPolicy(
            retry_on=retry.retry_on,
            num_retries=retry.attempts,
            per_try_timeout=duration(retry.per_try_timeout),
            retry_priority=_OTHER_PRIORITIES if retry.other_localities else None,
            retry_host_predicate=_OTHER_HOSTS if retry.other_hosts else (),
            host_selection_retry_max_attempts=HOST_SELECTIONS,
            retriable_status_codes=retry.status_codes,
            retry_back_off=None if retry.backoff is None else RetryPolicyRetryBackOff(base_interval=retry.backoff.json),
        ),
        retry.origin,
    )


# The same message for most routes of a mesh.
_DEFAULT = _policy(DEFAULT_RETRY)
_DEFAULT_AT_HOST = _policy(DEFAULT_RETRY_AT_HOST)
