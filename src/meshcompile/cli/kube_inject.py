"""Add the proxy to the Pods of workloads, as `istioctl kube-inject` does with the default profile."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from meshcompile.cli import exit_codes
from meshcompile.cli.console import print_diagnostics


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-f", "--file", "--filename", required=True, metavar="FILE", help="YAML file with workloads, or - for stdin"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write to a file instead of standard output")
    parser.add_argument(
        "--values", type=Path, metavar="FILE",
        help="overrides of Helm values of the chart istiod: a values file, IstioOperator or ConfigMap",
    )  # fmt: skip
    parser.add_argument(
        "--mesh-config",
        type=Path,
        metavar="FILE",
        help="mesh config: a MeshConfig, ConfigMap, IstioOperator or Helm values",
    )
    parser.add_argument(
        "-r", "--revision", default="default", metavar="NAME",
        help="revision of the control plane (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--native-sidecars", action="store_true", help="run the proxy as an init container that keeps running"
    )


def run(options: argparse.Namespace) -> int:
    from meshcompile import kube_inject  # nothing of the compiler is imported until a command runs

    result = kube_inject(
        options.file if options.file == "-" else Path(options.file),
        values=options.values,
        mesh_config=options.mesh_config,
        revision=options.revision,
        native_sidecars=options.native_sidecars,
    )
    if options.output is None:
        sys.stdout.write(result.text)
        sys.stdout.flush()
    else:
        options.output.write_text(result.text, encoding="utf-8", newline="")
    print_diagnostics(result.diagnostics, sys.stderr)
    return exit_codes.FINDINGS if result.failed else exit_codes.OK
