"""Baselines: known findings, so that only new findings fail a build."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from meshcompile.diagnostics import Severity
from meshcompile.errors import InvalidArgument
from meshcompile.findings.report import BaselineState, Finding

VERSION = 1


class KnownFinding(Struct, frozen=True):
    """A finding in a baseline. Everything but the fingerprint and the severity is for readers."""

    fingerprint: str
    severity: Severity = Severity.ERROR
    code: str = ""
    file: str = ""
    object: str = ""
    message: str = ""

    def __str__(self) -> str:
        return f"{self.file}: {self.message} [{self.code}]"


class Baseline(Struct, frozen=True):
    """The content of a baseline file."""

    version: int
    findings: tuple[KnownFinding, ...] = ()


class BaselineComparison(Struct, frozen=True):
    """The findings with their states, and the known findings that are fixed."""

    findings: tuple[Finding, ...]
    fixed: tuple[KnownFinding, ...]

    @property
    def introduced(self) -> tuple[Finding, ...]:
        """The findings that are not in the baseline."""
        return tuple(finding for finding in self.findings if finding.state is BaselineState.INTRODUCED)

    def __str__(self) -> str:
        unchanged = len(self.findings) - len(self.introduced)
        return f"{len(self.introduced)} introduced, {len(self.fixed)} fixed, {unchanged} unchanged"


def compared(findings: Sequence[Finding], baseline: Baseline, threshold: Severity) -> BaselineComparison:
    """The findings in order, compared with a baseline. Findings below a severity are ignored on both sides."""
    known = {each.fingerprint for each in baseline.findings}
    current = {finding.fingerprint for finding in findings}
    return BaselineComparison(
        tuple(replace(each, state=_state(each, known)) for each in findings if each.diagnostic.severity >= threshold),
        tuple(e for e in baseline.findings if e.fingerprint not in current and e.severity >= threshold),
    )


def baseline_text(findings: Iterable[Finding]) -> str:
    """The content of a baseline file. It does not depend on lines or on the order of the input."""
    known = sorted((_known(finding) for finding in findings), key=lambda each: (each.file, each.object, each.code))
    data = msgspec.json.encode(Baseline(VERSION, tuple(known)))
    return msgspec.json.format(data, indent=2).decode() + "\n"


def baseline(text: bytes, file: str) -> Baseline:
    """The baseline in a file's content. Raises InvalidArgument if it is malformed or has a later version."""
    try:
        found = msgspec.json.decode(text, type=Baseline)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidArgument(f"{file} is not a baseline: {error}; `--update-baseline` writes one") from error
    if found.version != VERSION:
        raise InvalidArgument(f"{file} is a baseline of version {found.version}, and this program reads {VERSION}")
    return found


def _state(finding: Finding, known: set[str]) -> BaselineState:
    return BaselineState.UNCHANGED if finding.fingerprint in known else BaselineState.INTRODUCED


def _known(finding: Finding) -> KnownFinding:
    found = finding.diagnostic
    return KnownFinding(finding.fingerprint, found.severity, found.code, found.file, found.object_name, found.message)
