"""`meshcompile rule`: the pages of codes."""

from __future__ import annotations

import json
import re

from meshcompile.codes import every_code
from tests.cli.conftest import Run


def test_the_page_of_a_code(run: Run) -> None:
    """A code is found by its id, in any case, and by its name; the page has its documentation."""
    done = run("rule", "ist0101")
    assert done.status == 0
    assert done.out.startswith("# IST0101 referenced-resource-not-found\n\nSeverity: error\n\n")
    assert run("rule", "referenced-resource-not-found") == done


def test_all_pages_and_the_list(run: Run) -> None:
    """Without a code there is a line per code, with `--all` each page."""
    codes = {code.id for code in every_code()}
    assert {line.split()[0] for line in run("rule").out.splitlines()} == codes
    text = re.sub(r"^```.*?^```$", "", run("rule", "--all").out, flags=re.MULTILINE | re.DOTALL)
    heads = [line for line in text.splitlines() if line.startswith("# ")]
    assert {line.split()[1] for line in heads} == codes
    assert {item["code"] for item in json.loads(run("rule", "-o", "json").out)} == codes


def test_a_code_that_does_not_exist(run: Run) -> None:
    """A mistake suggests what is meant, and exits with 2."""
    done = run("rule", "MC0411x")
    assert (done.status, done.out) == (2, "")
    assert "there is no code 'MC0411x'; did you mean 'MC0411'?" in done.err
