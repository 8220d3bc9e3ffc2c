"""How much input is too much."""

from msgspec import Struct

from meshcompile.errors import InvalidArgument, instance

MEBIBYTE = 1024 * 1024
DEEPEST = 250
"""The deepest nesting that may be allowed: Python itself gives up not much later."""


class Limits(Struct, frozen=True):
    """What reading refuses, so that hostile input costs little time and memory. Real meshes stay far below."""

    depth: int = 100
    """Mappings and lists inside one another, 1 to 250."""
    expanded: int = 100_000
    """Entries that the aliases (`*name`) of one document may stand for, so that a few lines cannot mean billions."""
    document_size: int = 64 * MEBIBYTE
    """Bytes of one document; a `kind: List` of a whole cluster is one."""
    total_size: int = 512 * MEBIBYTE
    """Bytes of all input together."""
    archive_size: int = 512 * MEBIBYTE
    """Bytes of an archive, unpacked."""
    archive_members: int = 100_000
    """Files in an archive."""

    def __post_init__(self) -> None:
        """Raises InvalidArgument for a limit that is no number or is negative, and for a depth out of its range."""
        for name in self.__struct_fields__:
            if instance(f"limits.{name}", getattr(self, name), int) < 0:
                raise InvalidArgument(f"`limits.{name}` must not be negative, but is {getattr(self, name)}")
        if not 0 < self.depth <= DEEPEST:
            raise InvalidArgument(f"`limits.depth` must be 1 to {DEEPEST}, not {self.depth}")


DEFAULT_LIMITS = Limits()
