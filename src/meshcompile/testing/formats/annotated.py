"""The files of the input with the number of tests in front of each line that tests can reach."""

from meshcompile.testing.coverage import Coverage

MISSED = "!!"


def annotated(text: str, coverage: Coverage) -> str:
    """The text of a file. `!!` stands before a line that no test reaches."""
    counts = coverage.lines()
    numbered = enumerate(text.splitlines(), 1)
    return "".join(f"{_margin(counts.get(number)):>5} | {line}".rstrip() + "\n" for number, line in numbered)


def _margin(count: int | None) -> str:
    match count:
        case None:
            return ""
        case 0:
            return MISSED
        case _:
            return str(count)
