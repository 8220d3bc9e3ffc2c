"""A line on the terminal for work that takes longer than a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading

DELAY = 1.0
EVERY = 0.5
CLEAR = "\r\x1b[K"


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Print the activity and its duration to stderr after one second, if stderr is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    import threading  # only for a terminal

    done = threading.Event()
    thread = threading.Thread(target=_tick, args=(what, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _tick(what: str, done: threading.Event) -> None:
    started = time.monotonic()
    if done.wait(DELAY):
        return
    while not done.wait(EVERY):
        sys.stderr.write(f"{CLEAR}meshcompile: {what} ... {time.monotonic() - started:.0f} s")
        sys.stderr.flush()
    sys.stderr.write(CLEAR)
    sys.stderr.flush()
