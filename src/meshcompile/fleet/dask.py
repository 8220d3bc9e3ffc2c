"""The workers of a dask cluster as an executor. Needs the extra `dask`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

from meshcompile.errors import InvalidArgument, MissingExtra

R = TypeVar("R")
SCHEME = "dask://"
TIMEOUT = "10s"
"""The timeout for the scheduler in seconds."""


class DaskExecutor(Executor):
    """The workers of the scheduler at `dask://HOST:PORT`. Closing the executor does not stop the cluster.

    The mesh is sent to each worker once. If a worker is lost, dask assigns its part to another one.
    """

    def __init__(self, address: str) -> None:
        """Raises InvalidArgument if no scheduler answers, and MissingExtra without dask."""
        try:
            from distributed import Client  # takes a second to import
        except ModuleNotFoundError as error:
            raise MissingExtra("dask", "use the workers of a dask cluster") from error
        try:
            self._client = Client(_tcp(address), timeout=TIMEOUT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise InvalidArgument(f"no dask scheduler answers at {address}: {error}") from error
        self._executor = self._client.get_executor(pure=False)

    @property
    def workers(self) -> int:
        """The number of parts that the cluster can run at the same time, at least one."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def broadcast(self, value: bytes) -> object:
        """A placeholder for a value on each worker. As an argument of `submit`, it is replaced by the value."""
        return self._client.scatter(value, broadcast=True, hash=False)

    def submit(self, fn: Callable[..., R], /, *args: Any, **kwargs: Any) -> Future[R]:
        """A call that a worker runs."""
        future: Future[R] = self._executor.submit(fn, *args, **kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Disconnect from the cluster."""
        self._executor.shutdown(wait=wait)
        self._client.close()


def _tcp(address: str) -> str:
    """`tcp://HOST:PORT` for `dask://HOST:PORT`. Raises InvalidArgument for any other form."""
    host, _, port = address.removeprefix(SCHEME).rpartition(":")
    if not (address.startswith(SCHEME) and host and port.isdecimal()):
        raise InvalidArgument(f"executor {address!r}: expected dask://HOST:PORT, such as dask://scheduler:8786")
    return f"tcp://{host}:{port}"
