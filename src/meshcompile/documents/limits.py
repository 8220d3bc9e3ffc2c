"""Limits of input."""

from msgspec import Struct

from meshcompile.errors import InvalidArgument, instance

MEBIBYTE = 1024 * 1024
DEEPEST = 250
"""The highest limit on nesting that a user may set. Python's own recursion limit is not much higher."""


class Limits(Struct, frozen=True):
    """The limits on input, so that hostile input costs little time and memory. Real meshes stay far below."""

    depth: int = 100
    """The maximum nesting of mappings and lists."""
    expanded: int = 100_000
    """The maximum number of entries that the aliases (`*name`) of one document expand to."""
    document_size: int = 64 * MEBIBYTE
    """The maximum size of one document in bytes. A `kind: List` of a whole cluster is one document."""
    total_size: int = 512 * MEBIBYTE
    """The maximum size of all input in bytes."""
    archive_size: int = 512 * MEBIBYTE
    """The maximum size of an unpacked archive in bytes."""
    archive_members: int = 100_000
    """The maximum number of files in an archive."""

    def __post_init__(self) -> None:
        """Raises InvalidArgument for a limit that is not a number or is negative, or a depth outside its range."""
        for name in self.__struct_fields__:
            if instance(f"limits.{name}", getattr(self, name), int) < 0:
                raise InvalidArgument(f"`limits.{name}` must not be negative, but is {getattr(self, name)}")
        if not 0 < self.depth <= DEEPEST:
            raise InvalidArgument(f"`limits.depth` must be 1 to {DEEPEST}, not {self.depth}")


DEFAULT_LIMITS = Limits()
