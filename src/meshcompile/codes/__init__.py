"""Every code, one module per area. Areas are imported only when all codes are asked for."""

from importlib import import_module

from meshcompile.diagnostics import Code

AREAS = (
    "source",
    "rendering",
    "models",
    "validation",
    "mesh",
    "routes",
    "gateways",
    "listeners",
    "security",
    "telemetry",
    "envoy_filters",
    "output",
    "proxies",
    "references",
    "kubernetes",
)
"""The modules of this package, in the order of their ids. Add a new area here."""


def every_code() -> tuple[Code, ...]:
    """All codes, by area and then in the order they are declared."""
    modules = (import_module(f"{__name__}.{area}") for area in AREAS)
    return tuple(value for module in modules for value in vars(module).values() if isinstance(value, Code))
