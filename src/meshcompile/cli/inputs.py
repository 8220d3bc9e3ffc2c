"""Options that all commands with a mesh share, and functions that load the mesh and the proxy."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from meshcompile.behaviour import DEFAULT_RELEASE, RELEASES
from meshcompile.cli import exit_codes
from meshcompile.cli.console import UsageError, print_diagnostics, worst
from meshcompile.cli.limits import limit_arguments, limits
from meshcompile.cli.rendering import is_rendered, rendered_inputs, rendering_arguments
from meshcompile.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Config, Mesh, Proxy
    from meshcompile.source.reading import Input


INPUT = "input"
"""The title of the input options."""


PROXY_FORMS = (
    "pod.namespace, kind/name.namespace (deployment/web.shop), or a proxy to assume: "
    "router:istio-system,istio=ingressgateway"
)
"""The forms of a proxy argument."""


def mesh_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options for the input."""
    group = parser.add_argument_group(INPUT)
    _file_arguments(group)
    _settings_arguments(group)
    group.add_argument("-v", "--verbose", action="store_true", help="print informational messages too")
    limit_arguments(group)
    rendering_arguments(parser)


def _file_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "-f", "--file", action="append", default=[], metavar="PATH", dest="files",
        help="YAML or JSON file, folder, tar archive, or - for stdin; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--exclude", action="append", default=[], metavar="GLOB",
        help="exclude files in folders by a pattern, as in .gitignore; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--no-gitignore", action="store_false", dest="gitignore", help="also read files that .gitignore excludes"
    )


def _settings_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--mesh-config",
        type=Path,
        metavar="FILE",
        help="mesh config: a MeshConfig, ConfigMap, IstioOperator or Helm values",
    )
    group.add_argument("--networks", type=Path, metavar="FILE", help="mesh networks, in the same forms")
    group.add_argument(
        "--remote-cluster", action="append", default=[], metavar="NAME=PATH", dest="clusters",
        help="file or folder with the objects of a remote cluster; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--ambient", action="store_true", help="set if the mesh has ztunnel and waypoints (ambient mode)"
    )
    group.add_argument(
        "--feature", action="append", default=[], metavar="NAME=BOOL", dest="features",
        help="feature flag of istiod, such as PILOT_ENABLE_ALPHA_GATEWAY_API=true; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--istio", choices=tuple(RELEASES), default=DEFAULT_RELEASE, metavar="RELEASE", dest="istio",
        help="release of Istio to follow: %(choices)s (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "-n", "--namespace", default="default", help="namespace of objects without one (default: %(default)s)"
    )
    group.add_argument(
        "--config", type=Path, metavar="FILE",
        help="configuration file (default: the nearest meshcompile.yaml or pyproject.toml)",
    )  # fmt: skip
    group.add_argument("--no-config", action="store_true", help="do not use a configuration file")


def configure(options: argparse.Namespace) -> None:
    """Add what the configuration file says, if there is one. `options.project` is its content, else None."""
    options.project = None
    path = None if options.no_config else (options.config or _configuration_file(Path.cwd()))
    if path is not None:
        from meshcompile.cli import project  # few projects have one

        project.configure(options, path)


def _configuration_file(folder: Path) -> Path | None:
    """The nearest configuration file in a folder or above it."""
    for each in (folder, *folder.parents):
        if (own := each / "meshcompile.yaml").is_file():
            return own
        if (shared := each / "pyproject.toml").is_file() and b"[tool.meshcompile" in shared.read_bytes():
            return shared
    return None


def watch_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--watch`, which `meshcompile.cli.watch` implements."""
    parser.add_argument(
        "--watch", action="store_true", help="keep running, and run again whenever the input changes; stop with Ctrl-C"
    )


def path_arguments(parser: argparse.ArgumentParser) -> None:
    """Add positional inputs, for commands without other positional arguments."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="input, like -f")


def proxy_argument(parser: argparse.ArgumentParser) -> None:
    """Add the proxy, by name or by its bootstrap node."""
    parser.add_argument("proxy", nargs="?", metavar="PROXY", help=PROXY_FORMS)
    parser.add_argument(
        "--node",
        type=Path,
        metavar="FILE",
        help="file with the node of the proxy's Envoy bootstrap, as JSON; replaces PROXY",
    )


def proxy_options(parser: argparse.ArgumentParser) -> argparse._MutuallyExclusiveGroup:
    """Add the proxy as an option, by name or by its bootstrap node. Returns the exclusive group, which may be
    extended.
    """
    which = parser.add_mutually_exclusive_group()
    which.add_argument("-p", "--proxy", metavar="PROXY", help=PROXY_FORMS)
    which.add_argument(
        "--node", type=Path, metavar="FILE", help="file with the node of a proxy's Envoy bootstrap, as JSON"
    )
    return which


def load_mesh(options: argparse.Namespace) -> Mesh:
    """The mesh that the options describe, or the one that `--watch` has loaded."""
    import meshcompile

    known: Mesh | None = getattr(options, "mesh", None)
    if known is not None:
        return known
    return meshcompile.load(
        _inputs(options),
        mesh_config=options.mesh_config,
        networks=options.networks,
        clusters=pairs(options.clusters, "--remote-cluster", "NAME=PATH"),
        ambient=options.ambient,
        namespace=options.namespace,
        exclude=options.exclude,
        gitignore=options.gitignore,
        limits=limits(options),
        features=given_features(options),
        release=options.istio,
    )


def given_features(options: argparse.Namespace) -> dict[str, bool]:
    """The feature flags of istiod that the options set."""
    flags: dict[str, bool] = {}
    for name, value in pairs(options.features, "--feature", "NAME=BOOL").items():
        if value.lower() not in ("true", "false"):
            raise UsageError(f"--feature {name}={value}: the value is true or false")
        flags[name] = value.lower() == "true"
    return flags


def _inputs(options: argparse.Namespace) -> list[Input]:
    """The inputs of the options. Files come last, so they override objects of a chart or a cluster."""
    inputs = [*rendered_inputs(options), *options.files, *getattr(options, "paths", ())]
    if not (inputs or is_rendered(options)):
        raise UsageError("no input: pass a file or folder with -f PATH, or use `-f -` for stdin")
    return inputs


def wanted_proxy(options: argparse.Namespace) -> Proxy | str:
    """The proxy that the options name; a string is a name for `Mesh.compile`."""
    if (options.proxy is None) == (options.node is None):
        alternative = " or --all-proxies" if hasattr(options, "all_proxies") else ""
        raise UsageError(f"name a proxy, or pass its node with --node FILE{alternative}")
    return options.proxy if options.node is None else _proxy_of_node(options.node)


def compile_proxy(options: argparse.Namespace) -> tuple[Config, tuple[Diagnostic, ...]]:
    """The configuration of the selected proxy, and all findings on the way."""
    proxy = wanted_proxy(options)
    mesh = load_mesh(options)
    config = compiled(mesh, proxy)
    return config, (*mesh.diagnostics, *config.diagnostics)


def compiled(mesh: Mesh, proxy: Proxy | str) -> Config:
    """The configuration of a proxy. If the mesh has no proxies at all, prints a hint before it fails."""
    from meshcompile import UnknownProxy

    try:
        return mesh.compile(proxy)
    except UnknownProxy:
        from meshcompile.cli.hints import hint_at_missing_proxies  # only needed for an unknown proxy

        hint_at_missing_proxies(mesh)
        raise


def reported(diagnostics: Iterable[Diagnostic], options: argparse.Namespace) -> int:
    """Print the findings to stderr, and return the exit status."""
    findings = tuple(diagnostics)
    print_diagnostics((f for f in findings if options.verbose or f.severity is not Severity.INFO), sys.stderr)
    return exit_codes.FINDINGS if worst(findings) is Severity.ERROR else exit_codes.OK


def pairs(given: Sequence[str], option: str, form: str) -> dict[str, str]:
    """The values of a `KEY=VALUE` option, by key."""
    split = [text.rpartition("=") for text in given]
    if wrong := next((text for text, parts in zip(given, split, strict=True) if not all(parts)), None):
        raise UsageError(f"{option} {wrong}: expected {form}")
    return {key: value for key, _, value in split}


def _proxy_of_node(path: Path) -> Proxy:
    from meshcompile import Proxy

    try:
        return Proxy.from_node(json.loads(path.read_bytes()))
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise UsageError(f"--node {path}: this is not JSON: {error.msg} ({where})") from None
    except ValueError as error:
        raise UsageError(f"--node {path}: {error}") from None
