"""Every change of the pairs is found, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.pairs import judged, pairs_dir


@pytest.mark.parametrize("folder", sorted(pairs_dir().iterdir()), ids=lambda folder: folder.name)
def test_diff_finds_what_a_person_says_changed(folder: Path) -> None:
    """The changes, their proxies, the outcomes on both sides and the risks are those that a person describes."""
    assert judged(folder).problems == ()
