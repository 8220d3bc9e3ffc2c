"""Print what a change of the input does to requests and to the fleet, and a safe order of applying it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from meshcompile.cli import exit_codes
from meshcompile.cli.console import complain
from meshcompile.cli.diff import CHANGED, fails, loaded_side, report_rejected, side_arguments
from meshcompile.cli.inputs import mesh_arguments
from meshcompile.cli.progress import progress

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh, Plan

FORMATS = ("text", "json", "markdown", "html")
FAIL_ON = ("order", "risky", "behaviour", "any", "never")
DEVIATES = 5
"""The exit status of `--check` if the plan is not the reviewed one."""


def arguments(parser: argparse.ArgumentParser) -> None:
    side_arguments(parser)
    parser.add_argument("-o", "--output", choices=FORMATS, default="text", help="(default: %(default)s)")
    parser.add_argument(
        "--fail-on",
        choices=FAIL_ON,
        default="any",
        help="what exits with status 2; `order` if no safe order exists (default: %(default)s)",
    )
    parser.add_argument("--save", metavar="FILE", type=Path, help="write the plan, for --check")
    parser.add_argument(
        "--check", metavar="FILE", type=Path, help="exit with status 5 unless this saved plan is still the plan"
    )
    mesh_arguments(parser)
    parser.set_defaults(usage_status=exit_codes.FINDINGS)  # 2 means that there is a change


def run(options: argparse.Namespace) -> int:
    import meshcompile

    with progress("loading"):
        old, new = loaded_side(options, options.old), loaded_side(options, options.new)
    with progress("planning"):
        plan = meshcompile.plan(old, new)
    report_rejected(old, new)
    if options.check is not None:
        return _checked(options.check, plan, old, new)
    if options.save is not None:
        from meshcompile.rollout.saved import saved

        options.save.write_text(json.dumps(saved(plan, old, new), indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(_rendered(plan, options.output))
    return CHANGED if _fails(plan, options.fail_on) else exit_codes.OK


def _checked(file: Path, plan: Plan, old: Mesh, new: Mesh) -> int:
    """Whether a saved plan is still the plan."""
    from meshcompile.errors import InvalidArgument
    from meshcompile.rollout.saved import deviations, read, saved

    try:
        reviewed = read(file.read_text(encoding="utf-8"), str(file))
    except OSError as error:
        raise InvalidArgument(f"{file}: {error.strerror}") from None
    found = list(deviations(reviewed, saved(plan, old, new)))
    for each in found:
        complain(f"{file}: {each}")
    if not found:
        sys.stdout.write(f"{file}: the plan is as reviewed\n")
    return DEVIATES if found else exit_codes.OK


def _rendered(plan: Plan, form: str) -> str:
    from meshcompile.rollout import page, report

    match form:
        case "json":
            from meshcompile.cli.render import rendered

            return rendered(plan.to_dict(), "json")
        case "markdown":
            return report.markdown(plan)
        case "html":
            return page.page(plan)
        case _:
            return report.text(plan)


def _fails(plan: Plan, on: str) -> bool:
    match on:
        case "order":
            return plan.verdict != "safe"
        case "any":
            return not plan.is_empty
        case _:
            return fails(plan.diff, on)
