"""What to do when the input has nothing to compile for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshcompile.cli.console import complain

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh

NO_PROXY = """\
the input has no workload that runs a proxy
    Add Pods or Deployments, label a namespace `istio-injection: enabled`, or describe a proxy with --node FILE."""


def hint_at_missing_proxies(mesh: Mesh) -> None:
    """Say what to add when no proxy would exist."""
    if not mesh.proxies():
        complain(NO_PROXY)
