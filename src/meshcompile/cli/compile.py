"""Print the Envoy configuration that istiod would send to a proxy, or to all proxies, as JSON or YAML."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meshcompile.cli.console import UsageError, complain
from meshcompile.cli.file_xds import described, write_xds, xds_arguments
from meshcompile.cli.fleet_findings import FleetFindings, effective_patches
from meshcompile.cli.hints import hint_at_missing_proxies
from meshcompile.cli.inputs import (
    compiled,
    load_mesh,
    mesh_arguments,
    path_arguments,
    proxy_options,
    reported,
    wanted_proxy,
    watch_argument,
)
from meshcompile.cli.output_folder import staging, update_folder
from meshcompile.cli.parser import listed, suggested
from meshcompile.cli.progress import counting
from meshcompile.cli.render import FORMATS, rendered
from meshcompile.cli.workers import executor, has_workers, worker_arguments
from meshcompile.cli.written import Writing, written_by_processes, written_here
from meshcompile.words import counted

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Config, Mesh, Proxy

TYPES = ("listeners", "routes", "clusters", "endpoints", "extensions")
DUMP = "config-dump"


def arguments(parser: argparse.ArgumentParser) -> None:
    which = proxy_options(parser)
    which.add_argument(
        "--all-proxies", action="store_true", help="compile every proxy that `meshcompile proxies` lists"
    )
    parser.add_argument("-o", "--output", choices=(*FORMATS, DUMP), default="json", help="(default: %(default)s)")
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
        "--layout",
        choices=("lists", "xds"),
        default="lists",
        help="files of --output-dir: lists of resources, or files that Envoy reads and follows (default: %(default)s)",
    )
    parser.add_argument(
        "--sources",
        action="store_true",
        help="print the lines of the input that each part comes from, instead of the parts",
    )
    xds_arguments(parser)
    worker_arguments(parser)
    path_arguments(parser)
    watch_argument(parser)
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    if options.sources and options.output_dir:
        raise UsageError("--sources only prints: do not combine it with --output-dir")
    if options.output == DUMP and (options.sources or options.output_dir or options.type != TYPES):
        raise UsageError("-o config-dump prints all of a proxy: do not combine it with --sources, --type, --output-dir")
    if has_workers(options) and not options.all_proxies:
        raise UsageError("--jobs and --executor compile many proxies: add --all-proxies")
    wanted = None if options.all_proxies else wanted_proxy(options)
    if options.layout == "xds":
        return _run_xds(wanted, options)
    mesh = load_mesh(options)
    findings = FleetFindings()
    if options.all_proxies:
        hint_at_missing_proxies(mesh)
    if options.output_dir:
        complain(_written(mesh, wanted, options, findings))
    else:
        sys.stdout.writelines(_document(_configs(mesh, wanted, options, findings), options))
    return reported((*mesh.diagnostics, *findings.found), options)


def _run_xds(wanted: Proxy | str | None, options: argparse.Namespace) -> int:
    """Write the files that Envoy reads, and report the findings."""
    if options.output_dir is None:
        raise UsageError("--layout xds writes files: add --output-dir DIR")
    if wrong := options.given & {"output", "type", "jobs", "executor"}:
        raise UsageError(f"--layout xds writes all types as JSON in this process: omit --{min(wrong)}")
    mesh = load_mesh(options)
    change, findings = write_xds(mesh, wanted, options)
    complain(described(change, options.output_dir))
    return reported((*mesh.diagnostics, *findings), options)


def _configs(
    mesh: Mesh, wanted: Proxy | str | None, options: argparse.Namespace, findings: FleetFindings
) -> Iterator[Config]:
    """The configurations, one at a time. Their findings are collected."""
    with executor(options) as workers:
        everything = mesh.compile_all(_proxies(mesh), jobs=options.jobs, executor=workers) if wanted is None else ()
        for config in everything if wanted is None else (compiled(mesh, wanted),):
            findings.add(config.diagnostics, effective_patches(config))
            yield config


def _proxies(mesh: Mesh) -> Sequence[Proxy]:
    """All proxies. Of several with the same name, which are in different clusters, the last one holds."""
    return tuple({proxy.id: proxy for proxy in mesh.proxies()}.values())


def _written(mesh: Mesh, wanted: Proxy | str | None, options: argparse.Namespace, findings: FleetFindings) -> str:
    """Write the folder, and describe what was done."""
    number = 1 if wanted is not None else len(_proxies(mesh))
    with staging(options.output_dir) as folder:
        work = Writing(str(folder), options.type, options.output)
        if options.jobs > 1 and not options.executor:
            names = written_by_processes(mesh, _proxies(mesh), work, options.jobs, findings)
        else:
            names = written_here(_configs(mesh, wanted, options, findings), work)
        files = list(counting(names, "wrote", number * len(options.type), "file"))
        update = update_folder(options.output_dir, folder, dict.fromkeys(files), complete=options.all_proxies)
    removed = f", removed {update.removed}" if update.removed else ""
    return f"wrote {counted(update.written, 'file')} for {counted(number, 'proxy')} to {options.output_dir}{removed}"


def _document(configs: Iterable[Config], options: argparse.Namespace) -> Iterator[str]:
    """The text of one configuration, or of all of them by the names of the proxies, in pieces."""
    if not options.all_proxies:
        for config in configs:
            yield from _pieces(config, options)
        return
    entry, end = (_yaml_entry, "") if options.output == "yaml" else (_json_entry, "\n}\n")
    number = 0
    for number, config in enumerate(configs, 1):
        yield entry(config, number, options)
    yield end if number else "{}\n"


def _json_entry(config: Config, number: int, options: argparse.Namespace) -> str:
    """One configuration with its name in a JSON object, with what stands before it."""
    name = rendered(config.proxy.id, "json").rstrip()
    text = _text(config, options).rstrip().replace("\n", "\n  ")
    return f"{'{' if number == 1 else ','}\n  {name}: {text}"


def _yaml_entry(config: Config, number: int, options: argparse.Namespace) -> str:
    return rendered({config.proxy.id: _data(config, options)}, "yaml")


def _text(config: Config, options: argparse.Namespace) -> str:
    """One configuration as text that ends in a newline. Messages keep their texts for other proxies."""
    if options.output == DUMP:
        return rendered(config.config_dump(), "json")
    if options.sources or options.output == "yaml":
        return rendered(_data(config, options), options.output)
    from meshcompile.encoded import printed
    from meshcompile.envoy.message import to_json_by_kind

    return to_json_by_kind({kind: printed(config.resources, kind) for kind in options.type}) + "\n"


def _pieces(config: Config, options: argparse.Namespace) -> Iterator[str]:
    """The text of the only configuration, which needs not be in memory as a whole."""
    if options.sources or options.output in ("yaml", DUMP):
        yield _text(config, options)
        return
    from meshcompile.encoded import printed
    from meshcompile.envoy.message import json_pieces

    yield from json_pieces({kind: printed(config.resources, kind) for kind in options.type})
    yield "\n"


def _data(config: Config, options: argparse.Namespace) -> dict[str, Any]:
    """One configuration as plain JSON values."""
    return _sources(config, options.type) if options.sources else config.to_dict(options.type)


def _types(text: str) -> tuple[str, ...]:
    """The types that the text names, in the order of TYPES."""
    names = text.split(",")
    if wrong := next((name for name in names if name not in TYPES), None):
        raise argparse.ArgumentTypeError(f"no such type: {wrong!r}{suggested(wrong, TYPES) or listed(TYPES)}")
    return tuple(name for name in TYPES if name in names)


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
