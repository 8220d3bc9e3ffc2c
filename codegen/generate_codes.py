"""Write docs/codes/ before the site is built: a page per area of codes, and an index, from the registry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path

from meshcompile import codes
from meshcompile.diagnostics import Code

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "codes"

INDEX = """\
# Codes

This section explains all codes of findings. A code never changes its meaning, so you can look it up and filter by it.
`IST` codes are those of `istioctl analyze`. `MC` codes are meshcompile's own. An *error* means that an object is
ignored, as if the API server had rejected it, or that a part of it is lost. A *warning* means that something will not
work as intended. An *info* reports an assumption or a detail.

| code | name | severity | area |
|---|---|---|---|
{rows}
"""

SECTION = """\
## {code.id} {code.slug} {{ #{anchor} }}

*{code.severity}* · {message}

{docs}
"""


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    pages = generated_pages()
    for path in FOLDER.glob("*.md"):
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        (FOLDER / name).write_text(text)
    return 0


def generated_pages() -> dict[str, str]:
    """The text of each page, by file name."""
    by_area = {area: codes.codes_of(area) for area in codes.areas()}
    return {f"{area}.md": area_page(area, found) for area, found in by_area.items()} | {"index.md": index(by_area)}


def index(by_area: Mapping[str, Iterable[Code]]) -> str:
    rows = [(code, area) for area, found in by_area.items() for code in found]
    return INDEX.format(rows="\n".join(_row(code, area) for code, area in sorted(rows, key=lambda row: row[0].id)))


def area_page(area: str, found: Iterable[Code]) -> str:
    module = import_module(f"{codes.__name__}.{area}")
    title = (module.__doc__ or area).strip().splitlines()[0].rstrip(".")
    sections = [
        SECTION.format(code=code, anchor=code.id.lower(), message=_message(code), docs=codes.page(code)).rstrip()
        for code in found
    ]
    return "\n\n".join((f"# {title}", *sections)) + "\n"


def _row(code: Code, area: str) -> str:
    return f"| [{code.id}]({area}.md#{code.id.lower()}) | {code.slug} | {code.severity} | {area} |"


def _message(code: Code) -> str:
    """The template as a sentence, with placeholders in capitals."""
    filled = code.template
    for part in sorted({piece.split("}")[0] for piece in filled.split("{")[1:]}):
        filled = filled.replace("{" + part + "}", "" if part == "hint" else part.upper())
    return filled


if __name__ == "__main__":
    raise SystemExit(main())
