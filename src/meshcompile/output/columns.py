"""Text in columns, as istioctl aligns it."""

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]], padding: int) -> str:
    """Rows with every column but the last as wide as its longest cell plus the padding."""
    widths = [max(len(cell) for cell in column) + padding for column in zip(*rows, strict=True)]
    lines = (
        "".join(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)) + row[-1] for row in rows
    )
    return "".join(f"{line}\n" for line in lines)
