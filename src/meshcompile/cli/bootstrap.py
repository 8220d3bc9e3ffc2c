"""Print the configuration of a proxy as a static Envoy bootstrap, which needs no control plane."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from meshcompile.cli.ads_bootstrap import print_ads_bootstrap, xds_client_arguments
from meshcompile.cli.bootstrap_options import bootstrap_arguments, bootstrap_of
from meshcompile.cli.console import UsageError, complain
from meshcompile.cli.inputs import compiled, load_mesh, mesh_arguments, proxy_argument, reported, wanted_proxy
from meshcompile.cli.render import FORMATS, rendered
from meshcompile.words import counted

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Config, Diagnostic, Mesh
    from meshcompile.output.bootstrap import Bootstrap
    from meshcompile.running.check import EnvoyCheck


def arguments(parser: argparse.ArgumentParser) -> None:
    proxy_argument(parser)
    parser.add_argument("-o", "--output", choices=FORMATS, default="json", help="(default: %(default)s)")
    parser.add_argument(
        "--check", action="store_true",
        help="print nothing, and ask the real Envoy whether it accepts the bootstrap; missing secrets and files are "
        "replaced by stand-ins",
    )  # fmt: skip
    parser.add_argument("--all-proxies", action="store_true", help="check every proxy of the input, with --check")
    parser.add_argument(
        "--sds-dir", default="", metavar="DIR",
        help="write secrets to files in DIR, from which Envoy reads them, and reads them again when they are replaced",
    )  # fmt: skip
    bootstrap_arguments(parser)
    xds_client_arguments(parser)
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    if options.xds:
        return print_ads_bootstrap(options)
    return _checked(options) if options.check else _printed(options)


def _printed(options: argparse.Namespace) -> int:
    """Print the bootstrap of one proxy."""
    from meshcompile.running.named_files import file_findings  # what it needs is imported by now

    if options.all_proxies:
        raise UsageError("--all-proxies needs --check: a bootstrap is for one proxy")
    mesh = load_mesh(options)
    config = compiled(mesh, wanted_proxy(options))
    static = bootstrap_of(config, options, mesh.settings.mesh.trust_domain, sds_folder=options.sds_dir)
    if options.sds_dir:
        _write_secrets(Path(options.sds_dir), static)
    sys.stdout.write(rendered(static.to_dict(), options.output))
    findings = (*mesh.diagnostics, *config.diagnostics, *static.diagnostics, *file_findings(static))
    return reported(dict.fromkeys(findings), options)


def _checked(options: argparse.Namespace) -> int:
    """Let Envoy check the bootstraps of one proxy or of all."""
    from meshcompile.running.binary import envoy_binary, envoy_version
    from meshcompile.running.check import EnvoyCheck

    if options.flavour != "envoy":
        raise UsageError("--check runs upstream Envoy, which lacks the extensions of --flavour istio")
    binary = envoy_binary()
    check = EnvoyCheck.of(binary, envoy_version(binary))
    mesh = load_mesh(options)
    findings: dict[Diagnostic, None] = dict.fromkeys(mesh.diagnostics)
    configs = _configs(mesh, options)
    refused = 0
    for config in configs:
        own = tuple(_findings(check, config, options, mesh))
        refused += any(finding.slug == "refused-by-envoy" for finding in own)
        findings |= dict.fromkeys(own)
    verdict = f"refuses {counted(refused, 'bootstrap')} of {len(configs)}" if refused else "accepts"
    what = "" if refused else f" {_named(configs)}"
    complain(f"Envoy {check.version} {verdict}{what}")
    return reported(findings, options)


def _configs(mesh: Mesh, options: argparse.Namespace) -> tuple[Config, ...]:
    if options.all_proxies:
        return tuple(mesh.compile_all())
    return (compiled(mesh, wanted_proxy(options)),)


def _named(configs: tuple[Config, ...]) -> str:
    if len(configs) == 1:
        return f"the bootstrap of {configs[0].proxy.id}"
    return f"the bootstraps of {counted(len(configs), 'proxy')}"


def _findings(check: EnvoyCheck, config: Config, options: argparse.Namespace, mesh: Mesh) -> Iterator[Diagnostic]:
    from meshcompile.running.named_files import file_findings

    static = bootstrap_of(config, options, mesh.settings.mesh.trust_domain, stand_in=check.stand_ins.credential)
    yield from (*config.diagnostics, *static.diagnostics, *file_findings(static), *check.findings(static))


def _write_secrets(folder: Path, static: Bootstrap) -> None:
    """Write the secrets that the bootstrap reads from files, which only the user may read."""
    import json

    from meshcompile.running.private_files import write_privately

    folder.mkdir(parents=True, exist_ok=True)
    for name, content in static.sds_files().items():
        write_privately(folder / name, json.dumps(content, indent=2))
