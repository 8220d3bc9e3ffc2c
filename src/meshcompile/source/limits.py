"""How much input is too much."""

from msgspec import Struct

MEBIBYTE = 1024 * 1024


class Limits(Struct, frozen=True):
    """What reading refuses, so that hostile input costs little time and memory. Real meshes stay far below."""

    depth: int = 100
    """Mappings and lists inside one another."""
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


DEFAULT_LIMITS = Limits()
