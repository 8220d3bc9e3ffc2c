"""Suppressions by code and object: `IST0101=VirtualService/web.shop`, with wildcards."""

from __future__ import annotations

from fnmatch import fnmatchcase

from msgspec import Struct

from meshcompile.diagnostics import Diagnostic

FORM = "CODE=KIND/NAME.NAMESPACE"


class Suppression(Struct, frozen=True):
    """Patterns for the code, kind, name and namespace. `*` matches any text, and `?` any character."""

    code: str
    kind: str
    name: str
    namespace: str = "*"

    def covers(self, diagnostic: Diagnostic) -> bool:
        """True if the finding is suppressed."""
        return (
            (fnmatchcase(diagnostic.code, self.code) or diagnostic.slug == self.code)
            and fnmatchcase(diagnostic.kind, self.kind)
            and fnmatchcase(diagnostic.name, self.name)
            and fnmatchcase(diagnostic.namespace, self.namespace)
        )

    def __str__(self) -> str:
        return f"{self.code}={self.kind}/{self.name}.{self.namespace}"


def suppression(text: str) -> Suppression | None:
    """The suppression that a text describes, or None if it is malformed.

    `CODE=*` applies to every object, and `CODE=KIND/NAME` to objects in all namespaces.
    """
    code, _, target = text.partition("=")
    if code and target == "*":
        return Suppression(code, "*", "*")
    kind, _, rest = target.partition("/")
    name, _, namespace = rest.rpartition(".")
    if not (code and kind and rest):
        return None
    return Suppression(code, kind, name, namespace) if name and namespace else Suppression(code, kind, rest)
