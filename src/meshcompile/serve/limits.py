"""What the server allows its clients, who may be anybody."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct


class ServeLimits(Struct, frozen=True):
    """The limits of a server.

    `streams` are open at the same time, and `new_streams` may be opened per second. A request has at most
    `request_size` bytes, and a stream sends at most `requests` per second, with bursts of ten seconds. A response must
    be taken within `send_timeout` seconds, and the first request must come within `first_request` seconds. A stream
    names at most `names` resources.
    """

    streams: int = 5000
    new_streams: float = 100
    request_size: int = 4 * 1024 * 1024
    requests: float = 100
    names: int = 100_000
    send_timeout: float = 60
    first_request: float = 30


class TokenBucket:
    """Allows `rate` events per second on average, and `burst` at once. `clock` never goes back."""

    __slots__ = ("_burst", "_clock", "_last", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, clock: Callable[[], float]) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._tokens, self._last = burst, clock()

    def takes(self) -> bool:
        """Whether one more event is allowed now. It counts if it is."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._last) * self._rate)
        self._last = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
