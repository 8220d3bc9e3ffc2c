"""Every code, one module per area. Areas are imported only when all codes are asked for."""

from importlib import import_module

from meshcompile.diagnostics import Code


def areas() -> tuple[str, ...]:
    """The modules of this package, in the order of their first ids."""
    from pkgutil import iter_modules  # here for a fast start

    return tuple(sorted((module.name for module in iter_modules(__path__)), key=lambda area: codes_of(area)[0].id))


def codes_of(area: str) -> tuple[Code, ...]:
    """The codes that one module declares, by id."""
    values = vars(import_module(f"{__name__}.{area}")).values()
    return tuple(sorted((value for value in values if isinstance(value, Code)), key=lambda code: code.id))


def every_code() -> tuple[Code, ...]:
    """All codes, by area and then by id."""
    return tuple(code for area in areas() for code in codes_of(area))
