"""The registry of diagnostic codes, with one module per area. An area is imported only when all codes are requested."""

from importlib import import_module

from meshcompile.diagnostics import Code


def areas() -> tuple[str, ...]:
    """The module names of this package, ordered by their lowest code id."""
    from pkgutil import iter_modules  # here for a fast start

    return tuple(sorted((module.name for module in iter_modules(__path__)), key=lambda area: codes_of(area)[0].id))


def codes_of(area: str) -> tuple[Code, ...]:
    """The codes that one module declares, ordered by id."""
    values = vars(import_module(f"{__name__}.{area}")).values()
    return tuple(sorted((value for value in values if isinstance(value, Code)), key=lambda code: code.id))


def every_code() -> tuple[Code, ...]:
    """All codes, ordered by area and then by id."""
    return tuple(code for area in areas() for code in codes_of(area))
