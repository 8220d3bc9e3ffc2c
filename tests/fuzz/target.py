"""Byte-level fuzzing: a mesh is loaded, analyzed and compiled, or the input is refused; no input crashes the program.

`make fuzz` runs it for an hour. Inputs that crash or are slow are written to .cache; pass one as an argument to see it.
"""

from __future__ import annotations

import sys

import atheris

LIMIT = 1 << 20


def one_input(data: bytes) -> None:
    """Load, analyze, print in every format, fix, and compile."""
    try:
        mesh = meshcompile.load(data, limits=meshcompile.Limits(total_size=LIMIT))
    except meshcompile.UnreadableInput as error:
        written(error.diagnostics)
        return
    found = sorted({*mesh.diagnostics, *mesh.analyze()})
    written(found)
    comments(each.origin.document for each in found)
    applied(data.decode("utf-8-sig"), found, unsafe=True)
    for config in mesh.compile_all():
        config.to_json()


def written(found: list[meshcompile.Diagnostic] | tuple[meshcompile.Diagnostic, ...]) -> None:
    full(found, uncoloured)
    for form in FORMATS:
        formatted(findings(found), form, Invocation("0", meshcompile.Severity.ERROR))


with atheris.instrument_imports(include=["meshcompile"]):
    import meshcompile
    from meshcompile.findings.colours import uncoloured
    from meshcompile.findings.comments import comments
    from meshcompile.findings.fixing import applied
    from meshcompile.findings.formats import FORMATS, formatted
    from meshcompile.findings.formats.full import full
    from meshcompile.findings.report import Invocation, findings
    from tests.fuzz.corpus import seeds

    for seed in seeds():  # modules are imported when they are first needed, and only those imported here are seen
        one_input(seed)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
