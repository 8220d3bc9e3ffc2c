"""Options for the workers of commands that compile many proxies, and the executor."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Executor


def worker_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options for workers."""
    parser.add_argument(
        "--jobs", type=_jobs, default=1, metavar="N", help="compile in N processes (default: %(default)s)"
    )
    parser.add_argument(
        "--executor", metavar="URL", help="compile on the workers of dask://HOST:PORT; needs the extra `dask`"
    )


def has_workers(options: argparse.Namespace) -> bool:
    """Whether other processes compile."""
    return options.jobs > 1 or options.executor is not None


@contextmanager
def executor(options: argparse.Namespace) -> Iterator[Executor | None]:
    """The executor of the options, or None."""
    if options.executor is None:
        yield None
        return
    from meshcompile.fleet.dask import DaskExecutor  # only few have a cluster

    with DaskExecutor(options.executor) as found:
        yield found


def _jobs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number of processes from 1, not {text!r}")
    return int(text)
