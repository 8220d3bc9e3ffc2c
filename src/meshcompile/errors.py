"""Exceptions of the public API. Everything that a user can do wrong inside an object is a Diagnostic instead."""


class MeshcompileError(Exception):
    """Base of every error that meshcompile raises on purpose."""


class InvalidArgument(MeshcompileError, ValueError):
    """An argument that cannot be used, such as a node without an id."""


class UnknownProxy(MeshcompileError):
    """No proxy of that name; `candidates` are names that come close."""

    def __init__(self, name: str, candidates: tuple[str, ...] = ()) -> None:
        hint = f"; did you mean {' or '.join(candidates)}?" if candidates else ""
        super().__init__(f"no proxy named {name!r}{hint}")
        self.name = name
        self.candidates = candidates
