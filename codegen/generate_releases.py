"""Write docs/reference/releases.md: a section per release with its rows of `meshcompile.changes`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from meshcompile.behaviour import ADDED_FEATURES, RELEASES
from meshcompile.changes import CHANGES, ReleaseChange

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "releases.md"
BEGIN = "<!-- Generated from src/meshcompile/changes.py by codegen/generate_releases.py: do not edit. -->\n"
END = "<!-- End of the generated part. -->\n"


def sections() -> Iterator[str]:
    """The section of each release after the first."""
    for release in tuple(RELEASES)[1:]:
        yield f"## What changes in {release}\n\n"
        yield from (row(change) for change in CHANGES if change.release == release)


def row(change: ReleaseChange) -> str:
    """The description of a change."""
    ways = "; ".join(change.ways_back) or "nothing"
    return (
        f"### {change.title} {{#{change.anchor}}}\n\n{change.effect}\n\n"
        f"To keep the earlier behaviour: {ways}. [The change in Istio]({change.link}).\n\n"
    )


def flags() -> Iterator[str]:
    """The table of feature flags that not every release has."""
    yield "## Feature flags that not every release has\n\n| flag | since |\n|---|---|\n"
    yield from (f"| `{name}` | {release} |\n" for name, release in sorted(ADDED_FEATURES.items()))
    yield "\n"


def main() -> None:
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{''.join(sections())}{''.join(flags())}{END}{after}")


if __name__ == "__main__":
    main()
