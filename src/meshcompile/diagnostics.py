"""Findings as values: the problem, its position, its severity, and a suggestion.

A code is declared once, in `meshcompile.codes.<area>`, and called to create a diagnostic:

    UNKNOWN_HOST = Code("MC0412", "unknown-host", Severity.WARNING, "{host} is not a known service")
    ...
    yield UNKNOWN_HOST(destination.origin.at("host"), host=destination.host)
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.documents import Origin

if TYPE_CHECKING:  # few findings have fixes
    from meshcompile.documents.edits import Edit


class Severity(StrEnum):
    """The severity of a finding. An error is greater than a warning, and a warning is greater than an info.

    A severity equals its text, and can be compared with the text of another one. Comparing it with any other text
    raises ValueError.
    """

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for an error, 1 for a warning, 2 for an info: sorts the worst first."""
        return tuple(Severity).index(self)

    def __lt__(self, other: str) -> bool:
        return self.rank > Severity(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank >= Severity(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank < Severity(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank <= Severity(other).rank


class Located(Protocol):
    """Anything with an origin, such as every Node of the models."""

    @property
    def origin(self) -> Origin: ...


class Related(Struct, frozen=True):
    """A second position of a finding, such as the other one of two duplicates."""

    message: str
    origin: Origin

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        line, column = self.origin.position
        place = {"file": self.origin.file, "line": line, "column": column}
        return {"message": self.message, "place": str(self.origin), **place}

    def __str__(self) -> str:
        return f"{self.origin}: {self.message}"


class Applicability(StrEnum):
    """Whether a fix keeps what was meant."""

    SAFE = "safe"
    """It says what was meant, as a misspelled name leaves no doubt."""
    UNSAFE = "unsafe"
    """It is likely, and somebody must look at it."""


class Fix(Struct, frozen=True):
    """A way to solve a problem by changing the text."""

    title: str
    edits: tuple[Edit, ...]
    applicability: Applicability = Applicability.SAFE

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data. The ranges are from `start` to before `end`, in lines and columns from 1."""
        return {
            "title": self.title,
            "applicability": str(self.applicability),
            "edits": [
                {
                    "file": edit.origin.file,
                    "start": {"line": part.start.line, "column": part.start.column},
                    "end": {"line": part.end.line, "column": part.end.column},
                    "text": part.new,
                }
                for edit in self.edits
                for part in edit.replacements()
            ],
        }


class Diagnostic(Struct, frozen=True):
    """One finding. Diagnostics sort by file, line, column and code.

    `rejected` says that the resource is ignored, as if the API server had rejected it.
    """

    code: str
    slug: str
    severity: Severity
    message: str
    origin: Origin
    kind: str = ""
    namespace: str = ""
    name: str = ""
    rejected: bool = False
    suggestion: str = ""
    related: tuple[Related, ...] = ()
    effect: str = ""
    """What happens because of it, such as `requests get 503 NC`. The message may end with it."""
    fixes: tuple[Fix, ...] = ()
    """Ways to solve it by changing the text, the best one first."""
    cause: Origin | None = None
    """The exact position, if `origin` is where istioctl reports the finding; None if `origin` is exact."""

    @property
    def file(self) -> str:
        """The file name as given, `<stdin>`, `<text>` for a text or `<object>` for plain data."""
        return self.origin.file

    @property
    def line(self) -> int:
        """The line, from 1; 0 without a source text."""
        return self.origin.line

    @property
    def column(self) -> int:
        """The column, from 1; 0 without a source text."""
        return self.origin.column

    @property
    def field(self) -> str:
        """The path of the field, such as `spec.http[0].route[0].destination.host`; empty for the whole object."""
        return self.origin.field

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, as `meshcompile validate -o json` prints it."""
        return {
            "code": self.code,
            "slug": self.slug,
            "severity": str(self.severity),
            "message": self.message,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "field": self.field,
            "kind": self.kind,
            "namespace": self.namespace,
            "name": self.name,
            "rejected": self.rejected,
            "effect": self.effect,
            "suggestion": self.suggestion,
            "related": [related.to_dict() for related in self.related],
            "fixes": [fix.to_dict() for fix in self.fixes],
        }

    def at_cause(self) -> Diagnostic:
        """This finding at its exact position."""
        return self if self.cause is None else replace(self, origin=self.cause, cause=None)

    @property
    def problem(self) -> str:
        """The message without the effect at its end."""
        if not self.effect:
            return self.message
        return self.message.removesuffix(f", so {self.effect}").removesuffix(f": {self.effect}")

    @property
    def object_name(self) -> str:
        """`VirtualService shop/web`; empty if the finding is about no object."""
        return f"{self.kind} {'/'.join(part for part in (self.namespace, self.name) if part)}".strip()

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """The sort key of diagnostics."""
        return (self.file, *self.origin.position, self.code, self.message)

    def __lt__(self, other: Diagnostic) -> bool:
        return self.sort_key < other.sort_key

    def __le__(self, other: Diagnostic) -> bool:
        return self.sort_key <= other.sort_key

    def __str__(self) -> str:
        return f"{self.origin}: {self.severity}: {self.message} [{self.code} {self.slug}]"


class Code(Struct, frozen=True):
    """A kind of finding. Call it to create a Diagnostic. Ids and slugs never change their meaning.

    `str.format` fills `template` with the arguments of the call, and with the `kind`, `namespace` and `name` of the
    resource. The argument `effect` is also kept by itself. `docs` is the text of the code's page before its examples:
    the problem and the fix.
    """

    id: str
    slug: str
    severity: Severity
    template: str
    docs: str = ""

    @property
    def advice(self) -> str:
        """The text of the page before its examples."""
        return self.docs.strip()

    def __call__(
        self,
        where: Origin | Located,
        /,
        *,
        kind: str | None = None,
        namespace: str | None = None,
        name: str | None = None,
        rejected: bool = False,
        severity: Severity | None = None,
        suggestion: str = "",
        related: tuple[Related, ...] = (),
        fixes: tuple[Fix, ...] = (),
        reported: Origin | None = None,
        **arguments: object,
    ) -> Diagnostic:
        """The finding at `where`. The resource comes from the arguments, else from `where`, else from the document.

        Pass `severity` if the finding is less certain than the others of its code, and `reported` if istioctl reports
        it at another position.
        """
        origin = where if isinstance(where, Origin) else where.origin
        found_kind, found_namespace, found_name = _resource(reported or where, origin)
        kind = found_kind if kind is None else kind
        namespace = found_namespace if namespace is None else namespace
        name = found_name if name is None else name
        return Diagnostic(
            code=self.id,
            slug=self.slug,
            severity=severity or self.severity,
            message=self.template.format(kind=kind, namespace=namespace, name=name, **arguments),
            origin=reported or origin,
            kind=kind,
            namespace=namespace,
            name=name,
            rejected=rejected,
            suggestion=suggestion,
            related=related,
            effect=str(arguments.get("effect", "")),
            fixes=fixes,
            cause=origin if reported else None,
        )


def _resource(where: object, origin: Origin) -> tuple[str, str, str]:
    """Kind, namespace and name of a resource. A part of a document uses those of the document."""
    document = origin.document
    metadata = getattr(where, "metadata", None)
    if metadata is None:
        return document.kind, document.namespace, document.name
    return (
        getattr(where, "kind", "") or document.kind,
        getattr(metadata, "namespace", "") or document.namespace,
        getattr(metadata, "name", "") or document.name,
    )
