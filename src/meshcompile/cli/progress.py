"""A line on the terminal for work that takes longer than a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from meshcompile.words import counted

if TYPE_CHECKING:
    import threading

T = TypeVar("T")

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


def counting(items: Iterable[T], what: str, total: int, noun: str) -> Iterator[T]:
    """The items, counted on stderr from the first second on, if stderr is a terminal: `compiled 12 of 40 proxies`.

    No thread is needed for that, so processes may be forked in the meantime.
    """
    if not sys.stderr.isatty():
        yield from items
        return
    shown = started = time.monotonic()
    try:
        for number, item in enumerate(items, 1):
            yield item
            now = time.monotonic()
            if now - started >= DELAY and now - shown >= EVERY:
                shown = now
                sys.stderr.write(
                    f"{CLEAR}meshcompile: {what} {number:,} of {counted(total, noun)}, {now - started:.0f} s"
                )
                sys.stderr.flush()
    finally:
        sys.stderr.write(CLEAR)
        sys.stderr.flush()


def _tick(what: str, done: threading.Event) -> None:
    started = time.monotonic()
    if done.wait(DELAY):
        return
    while not done.wait(EVERY):
        sys.stderr.write(f"{CLEAR}meshcompile: {what} ... {time.monotonic() - started:.0f} s")
        sys.stderr.flush()
    sys.stderr.write(CLEAR)
    sys.stderr.flush()
