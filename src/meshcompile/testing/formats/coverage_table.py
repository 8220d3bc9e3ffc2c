"""Coverage for a terminal: a table of files, and what no test reaches."""

from collections.abc import Iterator

from meshcompile.testing.coverage import Coverage


def coverage_table(coverage: Coverage) -> str:
    """The table, with the total last."""
    return "\n".join(_lines(coverage)) + "\n"


def _lines(coverage: Coverage) -> Iterator[str]:
    files = coverage.by_file()
    width = max((len(file) for file in (*files, "total")), default=0)
    yield f"{'':<{width}}  parts  reached  coverage"
    for file, part in files.items():
        yield _row(file, part, width)
    yield _row("total", coverage, width)
    if coverage.missed:
        yield ""
        yield "never reached:"
        yield from (f"  {each.origin.file}:{each.origin.line}  {each.name}" for each in coverage.missed)


def _row(name: str, part: Coverage, width: int) -> str:
    return f"{name:<{width}}  {len(part.counts):>5}  {part.reached:>7}  {part.percent:>7.1f}%"
