"""The error of both directions, with the place of the problem in the message."""

from meshcompile.errors import MeshcompileError


class WireError(MeshcompileError, ValueError):
    """A value that has no binary form, or bytes that are no message.

    `path` leads to the problem by field names, list indexes and map keys: `node.metadata.fields`.
    """

    def __init__(self, text: str, path: str = "") -> None:
        super().__init__(f"{path}: {text}" if path else text)
        self.text = text
        self.path = path

    def within(self, step: str) -> "WireError":
        """The same problem, seen from the message around the one that has it."""
        return WireError(self.text, f"{step}.{self.path}" if self.path else step)
