"""Splits a fleet into parts of adjacent proxies, by namespace if possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

from meshcompile.proxy import Proxy

if TYPE_CHECKING:
    from meshcompile.assumed_proxy import AssumedProxy

AnyProxy: TypeAlias = "Proxy | AssumedProxy"
"""A proxy to compile."""
Part: TypeAlias = "tuple[AnyProxy, ...]"
"""Proxies that one worker compiles together."""

MOST = 128
"""The maximum number of proxies in a part. Each worker builds the shared messages of a part once."""
PARTS_PER_WORKER = 4
"""The minimum number of parts per worker, so that all workers finish at about the same time."""


def parts(proxies: Sequence[AnyProxy], workers: int, most: int = MOST) -> Iterator[Part]:
    """The proxies in order, in parts of about equal size: limited in size, and several for each worker.

    A namespace is split only if it is larger than a part. Small adjacent namespaces share a part.
    """
    most = max(1, min(most, -(-len(proxies) // (workers * PARTS_PER_WORKER))))
    gathered: list[AnyProxy] = []
    for piece in _pieces(proxies, most):
        if gathered and len(gathered) + len(piece) > most:
            yield tuple(gathered)
            gathered = []
        gathered.extend(piece)
    if gathered:
        yield tuple(gathered)


def _pieces(proxies: Iterable[AnyProxy], most: int) -> Iterator[Sequence[AnyProxy]]:
    """Adjacent proxies of one namespace, up to the maximum number."""
    for _, group in groupby(proxies, key=lambda proxy: proxy.namespace):
        same = tuple(group)
        yield from (same[start : start + most] for start in range(0, len(same), most))
