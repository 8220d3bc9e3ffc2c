"""Byte-level fuzzing: whatever the input is, a mesh is loaded and analyzed, or the input is refused; nothing crashes.

`make fuzz` runs it for an hour. Inputs that crash are written to the working folder; pass one as an argument to see it.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["meshcompile"]):
    import meshcompile
    from meshcompile.findings.colours import uncoloured
    from meshcompile.findings.comments import comments
    from meshcompile.findings.fixing import applied
    from meshcompile.findings.formats import FORMATS, formatted
    from meshcompile.findings.formats.full import full
    from meshcompile.findings.report import Invocation, findings

LIMITS = meshcompile.Limits(total_size=1 << 20)
INVOCATION = Invocation("0", meshcompile.Severity.ERROR)


def one_input(data: bytes) -> None:
    """Load, analyze, print in every format, and fix."""
    try:
        mesh = meshcompile.load(data, limits=LIMITS)
    except meshcompile.UnreadableInput as error:
        written(error.diagnostics)
        return
    found = sorted({*mesh.diagnostics, *mesh.analyze()})
    written(found)
    comments(each.origin.document for each in found)
    applied(data.decode("utf-8-sig"), found, unsafe=True)


def written(found: list[meshcompile.Diagnostic] | tuple[meshcompile.Diagnostic, ...]) -> None:
    full(found, uncoloured)
    for form in FORMATS:
        formatted(findings(found), form, INVOCATION)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
