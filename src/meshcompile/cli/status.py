"""Print the status that istiod would write on each object of the Gateway API, with the place of each condition."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from meshcompile.cli import exit_codes
from meshcompile.cli.console import UsageError, complain
from meshcompile.cli.inputs import load_mesh, mesh_arguments, reported
from meshcompile.cli.parser import suggested
from meshcompile.diagnostics import Severity
from meshcompile.words import counted

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh, ObjectStatus

FORMATS = ("text", "json", "yaml")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "object", nargs="?", metavar="OBJECT", help="NAME, NAME.NAMESPACE or KIND/NAME.NAMESPACE (default: all)"
    )
    parser.add_argument("-o", "--output", choices=FORMATS, default="text", help="(default: %(default)s)")
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    mesh = load_mesh(options)
    shown = _selected(mesh, options.object)
    sys.stdout.write(_rendered(shown, options.output))
    rejected = reported((each for each in mesh.diagnostics if each.severity is Severity.ERROR), options)
    wrong = sum(bool(each.problems) for each in shown)
    complain(_summary(len(shown), wrong))
    return exit_codes.FINDINGS if wrong else rejected


def _rendered(shown: Sequence[ObjectStatus], form: str) -> str:
    if form == "text":
        from meshcompile.status.table import status_table

        return status_table(shown) if shown else ""
    from meshcompile.cli.render import rendered

    return rendered([each.to_dict() for each in shown], form)


def _summary(objects: int, wrong: int) -> str:
    if not objects:
        return "the input has no object of the Gateway API that Istio serves"
    return f"{counted(objects, 'object')}, {wrong or 'none'} with problems"


def _selected(mesh: Mesh, wanted: str | None) -> Sequence[ObjectStatus]:
    """The objects with a name. Raises UsageError if there is none."""
    found = mesh.status()
    if wanted is None:
        return found
    selected = [each for each in found if wanted.lower() in _names(each)]
    if not selected:
        names = [f"{each.kind}/{each.name}{f'.{each.namespace}' if each.namespace else ''}" for each in found]
        raise UsageError(f"no object {wanted!r} has a status{suggested(wanted, names)}{_other(mesh, wanted)}")
    return selected


def _names(status: ObjectStatus) -> frozenset[str]:
    """The names of an object on the command line, in lower case."""
    names = (status.name, f"{status.name}.{status.namespace}")
    return frozenset(each.lower() for name in names for each in (name, f"{status.kind}/{name}"))


def _other(mesh: Mesh, wanted: str) -> str:
    """What is to say about a Gateway that another controller serves."""
    gateways = (each for each in mesh.objects if type(each).__name__ == "KubernetesGateway")
    name = wanted.rpartition("/")[2]
    found = next((each for each in gateways if name in (each.name, f"{each.name}.{each.namespace}")), None)
    return (
        "" if found is None else f": no controller of Istio serves the class of Gateway {found.namespace}/{found.name}"
    )
