"""The sizes of functions, parameter lists and modules."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from statistics import median, quantiles

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "meshcompile"
GENERATED = "envoy"

LONGEST, MOST_PARAMETERS, LONGEST_MODULE = 35, 6, 400
DOCUMENTED = "its documentation says what each argument means"
DECLARES = "it only declares models or codes"
LONG: Mapping[str, str] = {
    "mesh.py load": DOCUMENTED,
    "diagnostics.py __call__": DOCUMENTED,
    "simulate/rbac_conditions.py permission": "it is one match over the conditions of Envoy",
}
"""Functions with more lines, and the reasons."""
MANY_PARAMETERS: Mapping[str, str] = {
    "mesh.py load": "most callers pass few of its options, by name",
    "diagnostics.py __call__": "most callers pass few of its options, by name",
    "snapshot/ambient/workloads.py _listed": "both callers have all of them at hand",
}
"""Functions with more parameters, and the reasons."""
LONG_MODULES: Mapping[str, str] = {
    "mesh.py": "the public class, with its documentation",
    **dict.fromkeys(("codes/validation.py", "models/mesh/extension_providers.py"), DECLARES),
    **dict.fromkeys(("models/mesh/proxy_config.py", "models/networking/virtual_service.py"), DECLARES),
}
"""Modules with more lines, and the reasons."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def functions() -> tuple[tuple[str, Function], ...]:
    """All functions that are written by hand, by module and name."""
    return tuple(
        (f"{path.relative_to(PACKAGE)} {node.name}", node)
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, Function)
    )


def modules() -> Iterator[Path]:
    """All modules that are written by hand."""
    return (path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).parts[0] != GENERATED)


def lines(function: Function) -> int:
    """The number of lines, with the signature and the docstring."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def parameters(function: Function) -> int:
    """The number of parameters without `self` and `cls`."""
    arguments = function.args
    named = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len([name for name in named if name not in ("self", "cls")])


def test_functions_are_short() -> None:
    """Half of the functions have at most 6 lines, nine of ten at most 15, and none has more than 35."""
    sizes = [lines(function) for _, function in functions()]
    assert median(sizes) <= 6
    assert quantiles(sizes, n=10)[-1] <= 15
    assert {name for name, function in functions() if lines(function) > LONGEST} <= LONG.keys()


def test_functions_have_few_parameters() -> None:
    """No function has more than 6 parameters."""
    found = {name for name, function in functions() if parameters(function) > MOST_PARAMETERS}
    assert found <= MANY_PARAMETERS.keys()


def test_modules_are_short() -> None:
    """No module has more than 400 lines."""
    found = {
        str(path.relative_to(PACKAGE)) for path in modules() if len(path.read_text().splitlines()) > LONGEST_MODULE
    }
    assert found <= LONG_MODULES.keys()
