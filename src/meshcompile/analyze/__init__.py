"""Checks across objects, for problems that no single object shows. Each check is a module of `checks`."""

from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from operator import attrgetter
from pkgutil import iter_modules

from meshcompile.analyze import checks
from meshcompile.analyze.context import Context
from meshcompile.diagnostics import Diagnostic

Check = Callable[[Context], Iterable[Diagnostic]]


def analyzed(context: Context) -> tuple[Diagnostic, ...]:
    """The findings of all checks, ordered by position, without those that an object's annotation suppresses."""
    found = _said_once(finding for check in every_check() for finding in check(context))
    kept = (finding for finding in found if not context.suppresses(finding))
    return tuple(sorted(kept, key=attrgetter("sort_key")))  # a position is computed once, not in every comparison


def _said_once(findings: Iterable[Diagnostic]) -> Iterable[Diagnostic]:
    """The findings, with one for all that say the same about the same line."""
    unique: dict[object, Diagnostic] = {}
    for each in findings:
        unique.setdefault((each.code, each.kind, each.namespace, each.name, each.line, each.file, each.message), each)
    return unique.values()


@cache
def every_check() -> tuple[Check, ...]:
    """The checks in the folder `checks`, by name. A check is the function with its module's name."""
    names = sorted(module.name for module in iter_modules(checks.__path__))
    return tuple(getattr(import_module(f"{checks.__name__}.{name}"), name) for name in names)
