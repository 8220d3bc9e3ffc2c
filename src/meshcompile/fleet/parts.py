"""A fleet cut into parts: proxies that follow each other, by namespace where that is possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

from meshcompile.proxy import Proxy

if TYPE_CHECKING:
    from meshcompile.assumed_proxy import AssumedProxy

Asked: TypeAlias = "Proxy | AssumedProxy"
"""A proxy to compile."""
Part: TypeAlias = "tuple[Asked, ...]"
"""Proxies that one worker compiles together."""

MOST = 128
"""The most proxies of a part. Each part costs its worker the messages that its proxies share, once."""
PARTS_PER_WORKER = 4
"""The parts that each worker gets at least, so that all workers end at about the same time."""


def parts(proxies: Sequence[Asked], workers: int, most: int = MOST) -> Iterator[Part]:
    """The proxies in their order, in parts of about equal size: at most so many, and a few parts for each worker.

    A namespace is cut only if it is larger than a part. Small namespaces that follow each other share a part.
    """
    most = max(1, min(most, -(-len(proxies) // (workers * PARTS_PER_WORKER))))
    gathered: list[Asked] = []
    for piece in _pieces(proxies, most):
        if gathered and len(gathered) + len(piece) > most:
            yield tuple(gathered)
            gathered = []
        gathered.extend(piece)
    if gathered:
        yield tuple(gathered)


def _pieces(proxies: Iterable[Asked], most: int) -> Iterator[Sequence[Asked]]:
    """Proxies of one namespace that follow each other, at most so many."""
    for _, group in groupby(proxies, key=lambda proxy: proxy.namespace):
        same = tuple(group)
        yield from (same[start : start + most] for start in range(0, len(same), most))
