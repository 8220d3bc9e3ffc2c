"""Workflow commands of GitHub Actions: an annotation at each expectation that does not hold."""

from collections.abc import Iterator

from meshcompile.diagnostics import Severity
from meshcompile.documents import Origin
from meshcompile.findings.formats.concise import plain
from meshcompile.findings.paths import relative_path
from meshcompile.testing.formats.tap import said
from meshcompile.testing.formats.text import summary
from meshcompile.testing.results import SuiteResults

_ESCAPES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY_ESCAPES = _ESCAPES | str.maketrans({":": "%3A", ",": "%2C"})


def github(results: SuiteResults) -> str:
    """One command per failed test, and the counts."""
    return "".join(f"{line}\n" for line in (*_commands(results), summary(results)))


def _commands(results: SuiteResults) -> Iterator[str]:
    for each in results.verdicts:
        if not each.passed:
            origin = each.mismatches[0].origin if each.mismatches else each.test.origin
            yield _command("error", origin, each.test.name, "\n".join(said(each)))
    for finding in results.diagnostics:
        level = "error" if finding.severity is Severity.ERROR else "warning"
        yield _command(level, finding.origin, finding.slug, f"{finding.message}\n{finding.suggestion}".strip())


def _command(level: str, origin: Origin, title: str, message: str) -> str:
    place = {"file": relative_path(origin.file), "line": str(origin.line), "col": str(origin.column), "title": title}
    properties = ",".join(f"{name}={plain(value).translate(_PROPERTY_ESCAPES)}" for name, value in place.items())
    return f"::{level} {properties}::{plain(message).translate(_ESCAPES)}"
