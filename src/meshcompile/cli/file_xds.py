"""File xDS: the folder that `compile --layout xds` writes and `watch` keeps up to date."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from meshcompile.cli.bootstrap_options import bootstrap_arguments, bootstrap_of
from meshcompile.cli.inputs import compiled
from meshcompile.words import counted

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Config, Diagnostic, Mesh, Proxy
    from meshcompile.serve.xds_folder import FolderChange, FolderFile


def xds_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the files for Envoy."""
    group = parser.add_argument_group("files for Envoy")
    group.add_argument(
        "--envoy-dir", metavar="PATH",
        help="the folder DIR as Envoy sees it, if it is mounted at another place (default: DIR)",
    )  # fmt: skip
    bootstrap_arguments(parser)


def write_xds(mesh: Mesh, wanted: Proxy | str | None, options: argparse.Namespace) -> tuple[FolderChange, XdsFindings]:
    """Write the files of one proxy, or of all if `wanted` is None. Returns what changed, and the findings."""
    from meshcompile.serve.xds_folder import replace_files

    configs = mesh.compile_all(_last_of_each(mesh)) if wanted is None else (compiled(mesh, wanted),)
    findings: XdsFindings = {}
    files = tuple(_files(configs, options, mesh.settings.mesh.trust_domain, findings))
    return replace_files(options.output_dir, files, complete=wanted is None), findings


def described(change: FolderChange, folder: Path) -> str:
    """`wrote 3 files for 2 proxies to DIR, removed 1`."""
    if not change.proxies:
        return f"all files in {folder} are up to date"
    removed = f", removed {len(change.removed)}" if change.removed else ""
    what = f"{counted(len(change.written), 'file')} for {counted(len(change.proxies), 'proxy')}"
    return f"wrote {what} to {folder}{removed}"


XdsFindings = dict["Diagnostic", None]
"""The findings about the configurations and their bootstraps, each once, in order."""


def _last_of_each(mesh: Mesh) -> Iterable[Proxy]:
    """All proxies. Of several with the same name, which are in different clusters, the last one holds."""
    return {proxy.id: proxy for proxy in mesh.proxies()}.values()


def _files(
    configs: Iterable[Config], options: argparse.Namespace, trust_domain: str, findings: XdsFindings
) -> Iterator[FolderFile]:
    """The files of each proxy. Adds to the findings."""
    from meshcompile.output.file_xds import xds_files
    from meshcompile.serve.xds_folder import FolderFile

    seen = options.envoy_dir or os.path.abspath(options.output_dir)
    for config in configs:
        static = bootstrap_of(config, options, trust_domain)
        findings.update(dict.fromkeys((*config.diagnostics, *static.diagnostics)))
        name = config.proxy.id
        for file in xds_files(static, config.resources, config.credentials, f"{seen}/{name}"):
            yield FolderFile(f"{name}/{file.path}", file.kind, file.content)
