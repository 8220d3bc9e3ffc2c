"""What users do not have in Git although clusters have it: Pods, EndpointSlices, cluster IPs."""

from collections.abc import Iterable
from dataclasses import dataclass

from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Resource


@dataclass(frozen=True, slots=True)
class Assumed:
    """Assumed objects, and an info for each assumption."""

    resources: tuple[Resource, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def assumed(resources: Iterable[Resource]) -> Assumed:
    """What has to be assumed beside these objects."""
    return Assumed()
