"""Regular expressions as Go writes them."""

_SPECIAL = frozenset("\\.+*?()|[]{}^$")


def quoted(text: str) -> str:
    """An expression that matches just this text: Go's `regexp.QuoteMeta`, which escapes less than Python does."""
    return "".join(f"\\{character}" if character in _SPECIAL else character for character in text)
