"""Coverage in the format of lcov's tracefiles, which editors and coverage services read."""

from collections.abc import Iterator

from meshcompile.findings.paths import relative_path
from meshcompile.testing.coverage import Coverage


def lcov(coverage: Coverage) -> str:
    """A record for each file, with a count for each line."""
    return "".join(f"{line}\n" for line in _records(coverage))


def _records(coverage: Coverage) -> Iterator[str]:
    for file, part in coverage.by_file().items():
        lines = part.lines()
        yield "TN:meshcompile"
        yield f"SF:{relative_path(file)}"
        yield from (f"DA:{line},{count}" for line, count in lines.items())
        yield f"LF:{len(lines)}"
        yield f"LH:{sum(count > 0 for count in lines.values())}"
        yield "end_of_record"
