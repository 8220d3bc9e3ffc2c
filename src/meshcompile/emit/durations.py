"""Durations as protobuf's JSON writes them."""

from meshcompile.values.durations import Duration


def duration(value: Duration | None) -> str | None:
    """A duration such as `10s`; None for None."""
    return None if value is None else value.json
