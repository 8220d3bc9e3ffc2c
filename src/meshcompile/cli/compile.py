"""Print the Envoy configuration that istiod would send to a proxy, or to all proxies, as JSON or YAML."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from meshcompile.cli.console import UsageError, complain, counted
from meshcompile.cli.hints import hint_at_missing_proxies
from meshcompile.cli.inputs import (
    compiled,
    load_mesh,
    mesh_arguments,
    path_arguments,
    proxy_options,
    reported,
    wanted_proxy,
)
from meshcompile.cli.output_folder import update_folder
from meshcompile.cli.parser import listed, suggested
from meshcompile.cli.render import FORMATS, rendered

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Config, Diagnostic

# The path of a patch in an EnvoyFilter.
PATCH_PATH = ("spec", "configPatches", 0)
TYPES = ("listeners", "routes", "clusters", "endpoints", "extensions")


def arguments(parser: argparse.ArgumentParser) -> None:
    which = proxy_options(parser)
    which.add_argument(
        "--all-proxies", action="store_true", help="compile every proxy that `meshcompile proxies` lists"
    )
    parser.add_argument("-o", "--output", choices=FORMATS, default="json", help="(default: %(default)s)")
    parser.add_argument(
        "--type",
        type=_types,
        default=TYPES,
        metavar="TYPES",
        help=f"comma-separated list of types; by default {','.join(TYPES)}",
    )
    parser.add_argument(
        "--output-dir", type=Path, metavar="DIR", help="write files DIR/PROXY/TYPE.json instead of printing"
    )
    parser.add_argument(
        "--sources",
        action="store_true",
        help="print the lines of the input that each part comes from, instead of the parts",
    )
    path_arguments(parser)
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    if options.sources and options.output_dir:
        raise UsageError("--sources only prints: do not combine it with --output-dir")
    wanted = None if options.all_proxies else wanted_proxy(options)
    mesh = load_mesh(options)
    proxies = mesh.proxies() if wanted is None else [wanted]
    configs = [compiled(mesh, proxy) for proxy in proxies]
    if options.all_proxies:
        hint_at_missing_proxies(mesh)
    content = _sources if options.sources else _resources
    by_proxy = {config.proxy.id: content(config, options.type) for config in configs}
    if options.output_dir:
        complain(_written(options.output_dir, by_proxy, options))
    else:
        shown = by_proxy if options.all_proxies else next(iter(by_proxy.values()))
        sys.stdout.write(rendered(shown, options.output))
    return reported((*mesh.diagnostics, *_once(configs)), options)


def _written(folder: Path, by_proxy: Mapping[str, Mapping[str, Any]], options: argparse.Namespace) -> str:
    """Write the folder, and describe what was done."""
    files = dict(_files(by_proxy, options.output))
    update = update_folder(folder, files, complete=options.all_proxies)
    removed = f", removed {update.removed}" if update.removed else ""
    return f"wrote {counted(update.written, 'file')} for {counted(len(by_proxy), 'proxy')} to {folder}{removed}"


def _types(text: str) -> tuple[str, ...]:
    """The types that the text names, in the order of TYPES."""
    names = text.split(",")
    if wrong := next((name for name in names if name not in TYPES), None):
        raise argparse.ArgumentTypeError(f"no such type: {wrong!r}{suggested(wrong, TYPES) or listed(TYPES)}")
    return tuple(name for name in TYPES if name in names)


def _resources(config: Config, types: Iterable[str]) -> dict[str, Any]:
    """The resources by type, as plain JSON values."""
    return config.to_dict(types)


def _sources(config: Config, types: Iterable[str]) -> dict[str, Any]:
    """The name and the origins of each part, by JSON pointer such as `/clusters/3`."""
    resources = config.to_dict()
    prefixes = tuple(f"/{name}/" for name in types)
    return {
        pointer: {
            "name": " > ".join(_names(resources, pointer)),
            "from": [f"{origin} {origin.field}".rstrip() for origin in origins],
        }
        for pointer, origins in config.source_map().items()
        if pointer.startswith(prefixes)
    }


def _names(value: Any, pointer: str) -> Iterator[str]:
    """The names on the path to a part, such as those of its route configuration and its virtual host."""
    for step in pointer.split("/")[1:]:
        value = value[int(step) if isinstance(value, list) else step.replace("~1", "/").replace("~0", "~")]
        match value:
            case {"name": str(name)} | {"clusterName": str(name)}:
                yield name
            case {"endpoint": {"address": {"socketAddress": {"address": str(address), "portValue": port}}}}:
                yield f"{address}:{port}"
            case _:
                pass


def _files(by_proxy: Mapping[str, Mapping[str, Any]], form: str) -> Iterator[tuple[str, str]]:
    for proxy, resources in by_proxy.items():
        for name, items in resources.items():
            yield f"{proxy}/{name}.{form}", rendered(items, form)


def _once(configs: Sequence[Config]) -> Iterable[Diagnostic]:
    """The findings of all configurations without duplicates. Many proxies may share a finding.

    A patch without effect is reported only if it changes nothing for any proxy, and then once.
    """
    from meshcompile.codes.envoy_filters import PATCH_WITHOUT_EFFECT

    patches = [report for config in configs for report in config.patches]
    at_work = {(report.origin.document, report.origin.path) for report in patches if report.changes}
    idle: dict[tuple[object, ...], list[Diagnostic]] = {}
    others: dict[Diagnostic, None] = {}
    for finding in (finding for config in configs for finding in config.diagnostics):
        patch = (finding.origin.document, finding.origin.path[: len(PATCH_PATH)])
        if finding.code != PATCH_WITHOUT_EFFECT.id:
            others[finding] = None
        elif patch not in at_work:
            idle.setdefault(patch, []).append(finding)
    return (*others, *map(_of_all, idle.values()))


def _of_all(same: Sequence[Diagnostic]) -> Diagnostic:
    """The first of several equal findings, with the number of the others."""
    first, *more = same
    return replace(first, message=f"{first.message}; nor for {counted(len(more), 'other proxy')}") if more else first
