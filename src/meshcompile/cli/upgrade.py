"""Print what another release of Istio changes for all proxies, why, and how to keep the earlier behaviour."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from meshcompile.behaviour import RELEASES, features_of
from meshcompile.cli import exit_codes
from meshcompile.cli.console import UsageError
from meshcompile.cli.diff import CHANGED
from meshcompile.cli.inputs import given_features, load_mesh, mesh_arguments, path_arguments, reported
from meshcompile.cli.progress import progress

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile.upgrades.upgrade import Upgrade

FORMATS = ("text", "json", "markdown")
FAIL_ON = ("any", "behaviour", "rejected", "never")


def arguments(parser: argparse.ArgumentParser) -> None:
    releases = tuple(RELEASES)
    parser.add_argument(
        "--to", required=True, choices=releases[1:], metavar="RELEASE", help="later release: %(choices)s"
    )
    parser.add_argument(
        "--from", choices=releases, metavar="RELEASE", dest="from_release", help="release of today (default: --istio)"
    )
    parser.add_argument(
        "--compatibility-version", choices=releases[:-1], metavar="RELEASE",
        help="installation option that keeps the feature flags of this release",
    )  # fmt: skip
    parser.add_argument("-o", "--output", choices=FORMATS, default="text", help="(default: %(default)s)")
    parser.add_argument(
        "--fail-on",
        choices=FAIL_ON,
        default="any",
        help="what exits with status 2; `behaviour`: requests with another outcome (default: %(default)s)",
    )
    path_arguments(parser)
    mesh_arguments(parser)
    parser.set_defaults(usage_status=exit_codes.FINDINGS)  # 2 means that there is a change


def run(options: argparse.Namespace) -> int:
    import meshcompile

    options.istio = options.from_release or options.istio
    later = _features_of_upgrade(options)
    with progress("loading"):
        mesh = load_mesh(options)
    with progress("comparing"):
        found = meshcompile.upgrade(mesh, options.to, features=later)
    sys.stdout.write(_rendered(found, options.output))
    reported(mesh.diagnostics, options)
    return CHANGED if _fails(found, options.fail_on) else exit_codes.OK


def _features_of_upgrade(options: argparse.Namespace) -> dict[str, bool]:
    """The feature flags that only the later release has. The others stay in the options, for both releases."""
    from meshcompile.upgrades.steps import compatibility_features

    known = features_of(options.istio)
    if options.compatibility_version and tuple(RELEASES).index(options.to) <= tuple(RELEASES).index(options.istio):
        raise UsageError(f"--to {options.to}: expected a release after {options.istio}")
    kept = compatibility_features(options.compatibility_version, options.to) if options.compatibility_version else {}
    given = given_features(options)
    options.features = [each for each in options.features if each.partition("=")[0] in known]
    flags = {**kept, **given}
    return {name: value for name, value in flags.items() if name not in known}


def _rendered(found: Upgrade, form: str) -> str:
    from meshcompile.upgrades import report

    match form:
        case "json":
            from meshcompile.cli.render import rendered

            return rendered(found.to_dict(), "json")
        case "markdown":
            return report.markdown(found)
        case _:
            return report.text(found)


def _fails(found: Upgrade, on: str) -> bool:
    """Whether there is a change of a kind that `--fail-on` names."""
    match on:
        case "any":
            return not found.is_empty
        case "behaviour":
            return bool(found.rejected) or any(row.requests for row in found.rows)
        case "rejected":
            return bool(found.rejected)
        case _:
            return False
