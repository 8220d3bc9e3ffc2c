"""The minimum agreement with istiod per area. It only ever rises.

`python -m tests.conformance.ratchet` runs all cases and raises the minimum to the current agreement.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path

from tests.conformance import corpus
from tests.conformance.compare import Row
from tests.conformance.parity import compared, equal_proxies, equal_resources, percent

FLOORS = Path(__file__).with_name("floors.json")


def floors() -> dict[str, dict[str, float]]:
    """The minimum percentages of equal proxies and resources, by area."""
    loaded: dict[str, dict[str, float]] = json.loads(FLOORS.read_text())
    return loaded


def shares(rows: Sequence[Row]) -> dict[str, float]:
    """The percentages of equal proxies and resources, rounded down to two digits."""
    counts = {"proxies": equal_proxies(rows), "resources": equal_resources(rows)}
    return {name: math.floor(percent(*count) * 100) / 100 for name, count in counts.items()}


def area_rows(area: str, jobs: int = 1) -> list[Row]:
    """Every compared resource of an area."""
    root = corpus.cases_dir()
    cases = sorted(path.parent.relative_to(root).as_posix() for path in (root / area).rglob("case.yaml"))
    return [row for result in compared(root, cases, jobs=jobs) for row in result.rows]


def main() -> None:
    raised = {area: shares(area_rows(area, os.cpu_count() or 1)) for area in corpus.areas()}
    before = floors()
    kept = {
        area: {name: max(share, before.get(area, {}).get(name, 0)) for name, share in new.items()}
        for area, new in sorted(raised.items())
    }
    FLOORS.write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    main()
