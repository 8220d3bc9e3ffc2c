"""What changes between releases of Istio: one row per field of Behaviour that they set differently."""

from meshcompile.changes_1_30 import CHANGES_1_30
from meshcompile.changes_1_31 import CHANGES_1_31
from meshcompile.release_change import ReleaseChange

__all__ = ["CHANGES", "ReleaseChange"]

CHANGES: tuple[ReleaseChange, ...] = (*CHANGES_1_30, *CHANGES_1_31)
"""All differences, oldest release first."""
