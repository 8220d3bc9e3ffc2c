"""One line per finding, followed by its suggestion and its related positions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from meshcompile.diagnostics import Diagnostic
from meshcompile.findings.colours import SEVERITIES, Paint

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in (0x09, 0x0A)}
_CONTROLS |= dict.fromkeys((*range(55296, 57344), 65534, 65535), "�")


def concise(diagnostics: Iterable[Diagnostic], paint: Paint) -> str:
    """The findings in their order."""
    return "".join(f"{line}\n" for diagnostic in diagnostics for line in _lines(diagnostic, paint))


def plain(text: str) -> str:
    """The text with control characters escaped, so that input cannot control a terminal or break an XML file."""
    return text.translate(_CONTROLS)


def _lines(diagnostic: Diagnostic, paint: Paint) -> Iterator[str]:
    severity = paint(str(diagnostic.severity), SEVERITIES[diagnostic.severity])
    code = f"[{diagnostic.code} {diagnostic.slug}]"
    yield f"{plain(str(diagnostic.origin))}: {severity}: {plain(diagnostic.message)} {code}"
    if diagnostic.suggestion:
        yield f"    {plain(diagnostic.suggestion)}"
    yield from (f"    {plain(str(related))}" for related in diagnostic.related)
