"""What filtering leaves out."""

from msgspec import Struct

from meshcompile.documents import Origin


class Skipped(Struct, frozen=True):
    """An object that a proxy gets nothing of, by its place, and the reason of the filter that leaves it out."""

    origin: Origin
    reason: str


def of_namespace(namespace: str) -> str:
    """The reason of an object that concerns the workloads of another namespace."""
    return f"it is for the workloads of namespace {namespace}"


def not_exported(namespace: str) -> str:
    """The reason of an object that is not visible to the proxy's namespace."""
    return f"it is not exported to namespace {namespace}"
