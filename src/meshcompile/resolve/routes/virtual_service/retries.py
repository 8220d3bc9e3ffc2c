"""Retries of requests. Follows istiod's `retry.ConvertPolicy`."""

from http import HTTPStatus

from meshcompile.models.networking.virtual_service import HTTPRetry
from meshcompile.resolve.routes.intent import DEFAULT_RETRY, DEFAULT_RETRY_AT_HOST, DEFAULT_RETRY_ON, Retry

STATUS_CODES = "retriable-status-codes"
# istiod accepts the codes for which Go's net/http has a text.
_KNOWN_CODES = frozenset(status.value for status in HTTPStatus)


def retry(settings: HTTPRetry | None, *, keeps_host: bool = False) -> Retry | None:
    """The retry policy; Istio's default without one, None when retries are off.

    With `keeps_host`, a consistent hash chose the host, and a retry uses the same host.
    """
    if settings is None:
        return DEFAULT_RETRY_AT_HOST if keeps_host else DEFAULT_RETRY
    if settings.attempts <= 0:
        return None
    conditions, codes = retry_on(settings.retry_on)
    other_hosts = settings.retry_ignore_previous_hosts
    return Retry(
        attempts=settings.attempts,
        retry_on=conditions,
        status_codes=codes,
        per_try_timeout=settings.per_try_timeout,
        backoff=settings.backoff,
        other_hosts=not keeps_host if other_hosts is None else other_hosts,
        other_localities=bool(settings.retry_remote_localities),
        origin=settings.origin,
    )


def retry_on(text: str) -> tuple[str, tuple[int, ...]]:
    """Envoy's conditions, and the status codes among them."""
    if not text:
        return DEFAULT_RETRY_ON, ()
    parts = [part for part in map(str.strip, text.split(",")) if part]
    codes = tuple(code for part in parts if (code := _status_code(part)))
    conditions = ",".join(part for part in parts if not _status_code(part))
    if codes and STATUS_CODES not in conditions:
        return f"{conditions},{STATUS_CODES}", codes
    return conditions, codes


def _status_code(text: str) -> int:
    """The status code of a text, with or without a sign; 0 for any other text."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    code = int(digits) if digits.isascii() and digits.isdigit() and text[:1] != "-" else 0
    return code if code in _KNOWN_CODES else 0
