"""Checks across objects, which no single object shows. One module of `checks` per check."""

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
    """What all checks find, by place, without what an object's own annotation suppresses."""
    found = {finding for check in every_check() for finding in check(context)}
    kept = (finding for finding in found if not context.suppresses(finding))
    return tuple(sorted(kept, key=attrgetter("sort_key")))  # a place is looked up once, not at every comparison


@cache
def every_check() -> tuple[Check, ...]:
    """The checks of the folder `checks`, by name; a check is the function that its module is named after."""
    names = sorted(module.name for module in iter_modules(checks.__path__))
    return tuple(getattr(import_module(f"{checks.__name__}.{name}"), name) for name in names)
