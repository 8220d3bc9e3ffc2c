"""Sets of words, written as text."""


def words(text: str) -> frozenset[str]:
    """The words between blanks and line breaks."""
    return frozenset(text.split())
