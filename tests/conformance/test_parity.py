from __future__ import annotations

import pytest

from tests.conformance import corpus, ratchet


@pytest.mark.slow
@pytest.mark.parametrize("area", ratchet.floors())
def test_area_agrees_with_istiod(area: str) -> None:
    """No case of the area raises, and the agreement with istiod is at least the minimum."""
    rows = ratchet.area_rows(area)
    raised = {row.case: row.lines[-1] for row in rows if row.state == "error"}
    assert not raised
    floor, share = ratchet.floors()[area], ratchet.shares(rows)
    assert all(share[name] >= least for name, least in floor.items()), f"{share} is below {floor}"


def test_floors_name_every_area() -> None:
    """Every area of the corpus has a minimum, and there are no others."""
    assert set(ratchet.floors()) == set(corpus.areas())
