"""`meshcompile analyze` says what istioctl's analyzers say, but for the differences in `analysis_differences.json`.

`python -m tests.conformance.test_analysis` prints the current differences, in the format of that file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.conformance import corpus
from tests.conformance.analysis import Agreement, analysed_cases, run_analysis

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_name("analysis_differences.json")
HEADING = "## Where istioctl is wrong"

Differences = dict[str, dict[str, list[str]]]


def recorded() -> Differences:
    """The intended differences by case: messages that are missing, extra, or at another line."""
    found: Differences = json.loads(TABLE.read_text())
    return found


def differences(area: str) -> Differences:
    """The current differences of an area, by case."""
    root = corpus.cases_dir()
    cases = sorted(path.parent.relative_to(root).as_posix() for path in (root / area).rglob("case.yaml"))
    agreements = (run_analysis(root, case) for case in analysed_cases(root, tuple(cases)))
    return {each.case: _parts(each) for each in agreements if not each.whole or each.elsewhere}


def _parts(agreement: Agreement) -> dict[str, list[str]]:
    parts = {"missing": agreement.missing, "extra": agreement.extra, "elsewhere": agreement.elsewhere}
    return {name: sorted(messages) for name, messages in parts.items() if messages}


@pytest.mark.slow
@pytest.mark.parametrize("area", corpus.areas())
def test_analysis_agrees_with_istioctl(area: str) -> None:
    """In every case of an area, exactly the recorded messages differ from istioctl's, or are at another line."""
    assert differences(area) == {case: parts for case, parts in recorded().items() if case.split("/")[0] == area}


def test_every_difference_has_a_row() -> None:
    """Each code with a difference is in the first column of the table on the page of deviations."""
    table = (ROOT / "docs" / "deviations.md").read_text().partition(HEADING)[2].partition("\n## ")[0]
    codes = "".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| IST"))
    differing = {
        message.split()[0]
        for case, parts in recorded().items()
        for name, messages in parts.items()
        for message in messages
        if name != "elsewhere" and not case.startswith("analysis/lines-")  # their rows are for all codes
    }
    assert {code for code in differing if code not in codes} == set()


if __name__ == "__main__":
    found = {case: parts for area in corpus.areas() for case, parts in differences(area).items()}
    sys.stdout.write(json.dumps(found, indent=1, sort_keys=True) + "\n")
