"""Durations as protobuf's JSON writes them."""

from meshcompile.durations import Duration


def duration(value: Duration | None) -> str | None:
    """`10s`; None for none."""
    return None if value is None else value.json
