"""What to do when the input has nothing to compile for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshcompile.cli.console import complain

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh

NO_PROXY = """\
the input has no workload that runs a proxy
    Add Pods or Deployments, label a namespace `istio-injection: enabled`, describe a proxy with --node FILE,
    or assume one: {assumed}"""
MOST_ASSUMED = 3
"""How many proxies that could be assumed are named."""


def hint_at_missing_proxies(mesh: Mesh) -> None:
    """Say what to add when no proxy would exist, and which gateways the Gateways of the input could be for."""
    if not mesh.proxies():
        gateways = [str(each) for each in mesh.assumable()[:MOST_ASSUMED]]
        complain(NO_PROXY.format(assumed=" or ".join(gateways) or "sidecar:NAMESPACE,app=NAME"))
