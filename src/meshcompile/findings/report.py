"""Findings with their fingerprints, which tell them apart across runs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from hashlib import sha256

from msgspec import Struct

from meshcompile.diagnostics import Diagnostic, Severity

INDEX = re.compile(r"\[\d+\]")


class BaselineState(StrEnum):
    """What a comparison with a baseline says about a finding."""

    INTRODUCED = "introduced"
    UNCHANGED = "unchanged"


class Invocation(Struct, frozen=True):
    """What formats say about the command: its version, and the severity of a finding that makes it fail."""

    version: str
    fail_on: Severity


class Finding(Struct, frozen=True):
    """A diagnostic with its fingerprint. The state is None if there is no baseline."""

    diagnostic: Diagnostic
    fingerprint: str
    state: BaselineState | None = None


def findings(diagnostics: Iterable[Diagnostic]) -> Sequence[Finding]:
    """The diagnostics with their fingerprints, in the same order.

    A fingerprint does not depend on lines and indexes, so it survives changes elsewhere in the file. Findings that
    are otherwise equal are numbered, so that every fingerprint is unique.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    identified = []
    for diagnostic in diagnostics:
        identity = _identity(diagnostic)
        seen[identity] += 1
        identified.append(Finding(diagnostic, _digest(*identity, str(seen[identity]))))
    return identified


def _identity(diagnostic: Diagnostic) -> tuple[str, ...]:
    field = INDEX.sub("[]", diagnostic.field)
    return (
        diagnostic.code,
        diagnostic.kind,
        diagnostic.namespace,
        diagnostic.name or diagnostic.file,
        field,
        diagnostic.message,
    )


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:32]
