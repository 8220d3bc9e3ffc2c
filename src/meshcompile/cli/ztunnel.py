"""Print what istiod sends ztunnel: the workloads, services and authorizations of the workload API."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from meshcompile.cli.console import UsageError, complain
from meshcompile.cli.inputs import load_mesh, mesh_arguments, reported
from meshcompile.diagnostics import Severity
from meshcompile.words import counted

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile.envoy.workload import Workload
    from meshcompile.ztunnel.config import ZtunnelConfig

FORMATS = ("table", "json", "yaml")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("only", nargs="?", metavar="NAMESPACE", help="objects of this namespace (default: all)")
    parser.add_argument("-o", "--output", choices=FORMATS, default="table", help="(default: %(default)s)")
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    mesh = load_mesh(options)
    if not mesh.ambient:
        raise UsageError("only ambient meshes have a ztunnel: add --ambient, or `ambient: true` to meshcompile.yaml")
    everything = mesh.ztunnel()
    shown = everything.in_namespace(options.only) if options.only else everything
    sys.stdout.write(_rendered(shown, everything, options.output))
    complain(_summary(shown))
    return reported((each for each in mesh.diagnostics if each.severity is Severity.ERROR), options)


def _rendered(shown: ZtunnelConfig, everything: ZtunnelConfig, form: str) -> str:
    if form == "table":
        from meshcompile.ztunnel.table import ztunnel_tables

        return ztunnel_tables(shown, everything)
    from meshcompile.cli.render import rendered

    return rendered(shown.to_dict(), form)


def _summary(shown: ZtunnelConfig) -> str:
    """The counts, and what a cluster would say differently."""
    parts = (
        counted(len(shown.workloads), "workload"),
        counted(len(shown.services), "service"),
        counted(len(shown.authorizations), "authorization"),
    )
    assumed = sum(any(origin.document.kind != "Pod" for origin in each.origins) for each in _pods(shown))
    note = f"; {counted(assumed, 'Pod')} assumed: names, addresses and nodes are not those of a cluster"
    return ", ".join(parts) + (note if assumed else "")


def _pods(shown: ZtunnelConfig) -> list[Workload]:
    return [each for each in shown.workloads if "//Pod/" in each.uid]
