"""Print what each patch of an EnvoyFilter changes in the configuration of a proxy, as JSON before and after."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from meshcompile.cli.console import UsageError
from meshcompile.cli.inputs import load_mesh, mesh_arguments, proxy_options, reported, wanted_proxy
from meshcompile.cli.render import FORMATS, rendered

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh
    from meshcompile.envoy.message import Message
    from meshcompile.patch.report import PatchReport


def arguments(parser: argparse.ArgumentParser) -> None:
    proxy_options(parser)
    parser.add_argument("--envoyfilter", metavar="NAME", help="only this EnvoyFilter: NAME or NAMESPACE/NAME")
    parser.add_argument("-o", "--output", choices=("text", *FORMATS), default="text", help="(default: %(default)s)")
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    mesh = load_mesh(options)
    names = _wanted(mesh, options.envoyfilter)
    config = mesh.compile(wanted_proxy(options))
    reports = [report for report in config.patches if names is None or report.envoy_filter in names]
    if options.output == "text":
        sys.stdout.write(_text(reports) or f"no EnvoyFilter applies to {config.proxy.id}\n")
    else:
        sys.stdout.write(rendered([_data(report) for report in reports], options.output))
    return reported((*mesh.diagnostics, *config.diagnostics), options)


def _wanted(mesh: Mesh, name: str | None) -> Sequence[str] | None:
    """The EnvoyFilters of that name, as `namespace/name`; None for all."""
    if name is None:
        return None
    index = mesh.snapshot.envoy_filters
    known = [
        f"{envoy_filter.namespace}/{envoy_filter.name}"
        for group in index.by_namespace.values()
        for envoy_filter in group
    ]
    matching = [envoy_filter for envoy_filter in known if name in (envoy_filter, envoy_filter.rpartition("/")[2])]
    if not matching:
        near = get_close_matches(name, [*known, *(envoy_filter.rpartition("/")[2] for envoy_filter in known)], n=2)
        raise UsageError(f"no EnvoyFilter named {name}" + (f"; did you mean {' or '.join(near)}?" if near else ""))
    return matching


def _text(reports: Iterable[PatchReport]) -> str:
    return "\n".join("\n".join(_lines(report)) + "\n" for report in reports)


def _lines(report: PatchReport) -> Iterator[str]:
    count = len(report.changes)
    outcome = f"changes {count} place{'s' * (count != 1)}" if count else f"changes nothing: {report.reason}"
    yield f"{report.patch}: {report.patch.operation} {report.patch.apply_to} {outcome} ({report.origin})"
    for change in report.changes:
        yield f"  {change.place}"
        yield from _side("before", change.before)
        yield from _side("after", change.after)


def _side(name: str, message: Message | None) -> Iterator[str]:
    if message is None:
        yield f"    {name}: nothing"
        return
    yield f"    {name}:"
    yield from (f"      {line}" for line in json.dumps(_plain(message), indent=2, ensure_ascii=False).splitlines())


def _plain(message: Message | None) -> dict[str, Any] | None:
    from meshcompile.envoy.message import to_builtins

    return None if message is None else to_builtins(message)


def _data(report: PatchReport) -> dict[str, Any]:
    """A report as plain JSON data."""
    return {
        "envoyFilter": report.envoy_filter,
        "patch": report.index,
        "applyTo": str(report.patch.apply_to),
        "operation": str(report.patch.operation),
        "source": str(report.origin),
        "reason": report.reason,
        "changes": [
            {"place": change.place, "before": _plain(change.before), "after": _plain(change.after)}
            for change in report.changes
        ],
    }
