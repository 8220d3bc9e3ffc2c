"""Rules on one resource: where Istio's schema or its webhook would reject it, or warn."""

from collections.abc import Iterator

from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Resource


def violations(resource: Resource) -> Iterator[Diagnostic]:
    """What is wrong with a resource that reads well; those that reject it say so."""
    yield from ()
