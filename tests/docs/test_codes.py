from __future__ import annotations

import re

import generate
import generate_codes

from meshcompile import codes
from meshcompile.codes import every_code
from tests.docs.pages import ROOT


def test_every_code_has_a_section() -> None:
    """Every code has a section with its text on one page, and a row in the index that links to it."""
    pages = generate_codes.generated_pages()
    index = pages.pop("index.md")
    for code in every_code():
        (page,) = (name for name, text in pages.items() if f"## {code.id} {code.slug} " in text)
        assert codes.page(code) in pages[page]
        assert f"| [{code.id}]({page}#{code.id.lower()}) | {code.slug} |" in index
    assert len(re.findall(r"^\| \[", index, re.MULTILINE)) == len(every_code())


def test_every_page_is_in_the_navigation() -> None:
    """The navigation of the site has every page in docs/ and every page of codes exactly once."""
    written = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    pages = {page for page in written if not page.startswith("codes/")}
    codes = {f"codes/{page}" for page in generate_codes.generated_pages()}
    listed = re.findall(r"^ +- (?:.*: )?(\S+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(pages | codes)


def test_every_generator_is_run() -> None:
    """`make generate` runs every generator in the folder. Pages of codes are written when the site is built."""
    there = {path.name for path in (ROOT / "codegen").glob("generate_*.py")}
    assert there == {*generate.GENERATORS, "generate_codes.py"}
