"""Print what a change of the input does to requests, and to the resources of each proxy."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from meshcompile.cli import exit_codes
from meshcompile.cli.console import UsageError, complain
from meshcompile.cli.dumps import is_dump, read_dump
from meshcompile.cli.inputs import load_mesh, mesh_arguments
from meshcompile.cli.progress import progress

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh
    from meshcompile.compare.mesh_diff import MeshDiff

FORMATS = ("text", "json", "markdown", "html", "github")
TYPES = ("listeners", "routes", "clusters", "endpoints", "extensions", "policies")
FAIL_ON = ("risky", "behaviour", "any", "never")
CHANGED = 2
"""The exit status if there is a change, as in `terraform plan -detailed-exitcode`."""


def arguments(parser: argparse.ArgumentParser) -> None:
    side_arguments(parser)
    parser.add_argument("-o", "--output", choices=FORMATS, default="text", help="(default: %(default)s)")
    parser.add_argument("--only", metavar="TYPES", default="", help=f"show only these, of {', '.join(TYPES)}")
    parser.add_argument(
        "-p", "--proxy", action="append", dest="proxies", metavar="PROXY", help="compare only this proxy; repeatable"
    )
    parser.add_argument(
        "--fail-on", choices=FAIL_ON, default="any", help="what exits with status 2 (default: %(default)s)"
    )
    mesh_arguments(parser)
    parser.set_defaults(usage_status=exit_codes.FINDINGS)  # 2 means that there is a change


def side_arguments(parser: argparse.ArgumentParser) -> None:
    """Add both sides of a change."""
    for name in ("old", "new"):
        parser.add_argument(
            name, metavar=name.upper(), help="file, folder, archive, or revision: git:main, git:HEAD~1:deploy/"
        )


def run(options: argparse.Namespace) -> int:
    import meshcompile

    wanted = _types(options.only)
    if is_dump(options.old) or is_dump(options.new):
        return _against_dump(options, wanted)
    with progress("loading"):
        old, new = loaded_side(options, options.old), loaded_side(options, options.new)
    with progress("comparing"):
        found = meshcompile.diff(old, new, options.proxies)
    sys.stdout.write(_rendered(found.only(wanted) if wanted else found, options.output))
    report_rejected(old, new)
    return CHANGED if fails(found, options.fail_on) else exit_codes.OK


def _against_dump(options: argparse.Namespace, wanted: tuple[str, ...]) -> int:
    """Compare what a proxy runs, which one side has, with the files of the other side."""
    from msgspec.structs import replace

    from meshcompile.cli.drift import printed
    from meshcompile.compare.drift import drift

    if is_dump(options.old) and is_dump(options.new):
        raise UsageError(f"{options.old} and {options.new} are config dumps: compare each with files")
    if len(options.proxies or ()) > 1:
        raise UsageError("a config dump is of one proxy: pass -p once, or not at all")
    path, files = (options.old, options.new) if is_dump(options.old) else (options.new, options.old)
    dump, mesh = read_dump(path, options), loaded_side(options, files)
    found = drift(mesh, dump, *(options.proxies or ()))
    shown = replace(found, resources=tuple(each for each in found.resources if not wanted or each.type in wanted))
    sys.stdout.write(printed(shown, options.output))
    return exit_codes.OK if shown.is_empty or options.fail_on == "never" else CHANGED


def _types(text: str) -> tuple[str, ...]:
    types = tuple(name.strip() for name in text.split(",") if name.strip())
    if unknown := [name for name in types if name not in TYPES]:
        raise UsageError(f"--only {unknown[0]}: expected {', '.join(TYPES)}")
    return types


def loaded_side(options: argparse.Namespace, side: str) -> Mesh:
    """The mesh of one side, together with the common input of -f."""
    from meshcompile.source.git import is_revision, revision_texts

    given = revision_texts(side) if is_revision(side) and not Path(side).exists() else [side]
    return load_mesh(argparse.Namespace(**{**vars(options), "files": [*options.files, *given], "mesh": None}))


def report_rejected(old: Mesh, new: Mesh) -> None:
    """Say how many objects take no part, since a rejected object can hide a difference."""
    from meshcompile import Severity

    for mesh, side in ((old, "OLD"), (new, "NEW")):
        errors = sum(each.severity is Severity.ERROR for each in mesh.diagnostics)
        if errors:
            complain(f"{side} has {errors} errors: rejected objects take no part; see `meshcompile validate`")


def _rendered(found: MeshDiff, form: str) -> str:
    from meshcompile.compare import data, page, report

    match form:
        case "json":
            from meshcompile.cli.render import rendered

            return rendered(data.diff_data(found), "json")
        case "markdown":
            return report.markdown(found)
        case "html":
            return page.page(found)
        case "github":
            return report.github(found)
        case _:
            return report.text(found)


def fails(found: MeshDiff, on: str) -> bool:
    """Whether there is a change of a kind that `--fail-on` names."""
    match on:
        case "risky":
            return bool(found.risky)
        case "behaviour":
            return found.behaviour != "none"
        case "any":
            return not found.is_empty
        case _:
            return False
