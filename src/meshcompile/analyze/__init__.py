"""Checks across objects, for problems that no single object shows. Each check is a module of `checks`."""

from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from operator import attrgetter
from pkgutil import iter_modules

from msgspec.structs import replace

from meshcompile.analyze import checks
from meshcompile.analyze.context import Context
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin

Check = Callable[[Context], Iterable[Diagnostic]]


def analyzed(context: Context, about: Callable[[Origin], bool] | None = None) -> tuple[Diagnostic, ...]:
    """The findings of all checks, ordered by position, without those that an object's annotation suppresses.

    `about` limits them to some places, before anything is asked of their positions.
    """
    every = (finding for check in every_check() for finding in check(context))
    found = _said_once(every if about is None else (each for each in every if about(each.cause or each.origin)))
    kept = (finding for finding in found if not context.suppresses(finding))
    return tuple(sorted(kept, key=attrgetter("sort_key")))  # a position is computed once, not in every comparison


def _said_once(findings: Iterable[Diagnostic]) -> Iterable[Diagnostic]:
    """The findings, with one for all that say the same about the same line.

    A value that aliases (`*name`) use again has one more finding. Like istioctl's, it is at the object.
    """
    unique: dict[object, Diagnostic] = {}
    for each in findings:
        first = unique.setdefault((_said(each), each.line), each)
        if first is not each and _is_alias(first.cause or first.origin, each.cause or each.origin):
            whole = Origin(each.origin.document.with_comments_above())
            at_object = replace(each, origin=whole, cause=each.cause or each.origin)
            unique.setdefault((_said(each), at_object.line), at_object)
    return unique.values()


def _said(finding: Diagnostic) -> tuple[str, ...]:
    return finding.code, finding.kind, finding.namespace, finding.name, finding.file, finding.message


def _is_alias(one: Origin, other: Origin) -> bool:
    """True for values at two paths that are written once."""
    return one.path != other.path and one.position == other.position and all(map(_exists, (one, other)))


def _exists(origin: Origin) -> bool:
    *path, last = origin.path or ("",)
    return last in origin.document.place(tuple(path)).children


@cache
def every_check() -> tuple[Check, ...]:
    """The checks in the folder `checks`, by name. A check is the function with its module's name."""
    names = sorted(module.name for module in iter_modules(checks.__path__))
    return tuple(getattr(import_module(f"{checks.__name__}.{name}"), name) for name in names)
