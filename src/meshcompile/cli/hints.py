"""Hints for input without proxies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshcompile.cli.console import complain

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh

NO_PROXY = """\
the input has no workload with a proxy
    Add Pods or Deployments, label a namespace `istio-injection: enabled`, describe a proxy with --node FILE,
    or assume one: {assumed}"""
MOST_ASSUMED = 3
"""The maximum number of assumable proxies in a hint."""


def hint_at_missing_proxies(mesh: Mesh) -> None:
    """Print what to add if the input has no proxies, and which gateways could be assumed."""
    if not mesh.proxies():
        gateways = [str(gateway) for gateway in mesh.assumable()[:MOST_ASSUMED]]
        complain(NO_PROXY.format(assumed=" or ".join(gateways) or "sidecar:NAMESPACE,app=NAME"))
