"""Input that the user's own programs render: the options, and the commands that they run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from meshcompile.cli.console import UsageError, complain

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile.render import Rendering
    from meshcompile.source.reading import Input

RENDERING = "rendered input"
"""The title of the options for input that other programs render."""


def rendering_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options for input that other programs render."""
    group = parser.add_argument_group(RENDERING, "runs your own helm, kustomize or kubectl, found on PATH")
    group.add_argument(
        "-k", "--kustomize", action="append", default=[], metavar="DIR", dest="kustomizations",
        help="the output of `kustomize build DIR` or `kubectl kustomize DIR`; repeatable",
    )  # fmt: skip
    group.add_argument("--helm", metavar="CHART", help="the output of `helm template` for the chart, in --namespace")
    group.add_argument(
        "--values", action="append", default=[], metavar="FILE", help="values file for --helm; repeatable"
    )
    group.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="settings",
        help="a value for --helm, in the syntax of `helm --set`; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--release", default="", metavar="NAME", help="release name for --helm (default: the name of the chart)"
    )
    group.add_argument(
        "--context", metavar="NAME",
        help="a live cluster, by kubeconfig context; read with `kubectl`, except for Secrets",
    )  # fmt: skip
    group.add_argument(
        "--timeout", type=_seconds, default=60.0, metavar="SECONDS",
        help="timeout of each program that is run (default: %(default)g)",
    )  # fmt: skip


def is_rendered(options: argparse.Namespace) -> bool:
    """Whether any option requests rendering."""
    return bool(options.kustomizations or options.helm or options.context)


def rendered_inputs(options: argparse.Namespace) -> Iterator[Input]:
    """The output of the programs. Prints each command before it runs."""
    if options.helm is None and (options.values or options.settings or options.release):
        raise UsageError("--values, --set and --release configure a chart: name it with --helm CHART")
    if not is_rendered(options):
        return
    for rendering in _renderings(options):
        sys.stderr.write(rendering.messages)
        yield from rendering


def _renderings(options: argparse.Namespace) -> Iterator[Rendering]:
    from meshcompile import render

    if options.context is not None:
        complain(f"reading the cluster of the context {options.context} with `kubectl get`")
        yield render.cluster(options.context, options.timeout)
    if options.helm is not None:
        how = (options.helm, options.release, options.namespace, options.values, options.settings)
        complain(f"running {render.shown(render.helm_command(*how))}")
        yield render.helm(*how, timeout=options.timeout)
    for folder in options.kustomizations:
        complain(f"running {render.shown(render.kustomize_command(folder))}")
        yield render.kustomize(folder, options.timeout)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds
