"""`--check`: what the real Envoy says about the bootstrap of a proxy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshcompile.codes.output import REFUSED_BY_ENVOY
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import NOWHERE
from meshcompile.output.bootstrap import Bootstrap
from meshcompile.running.stand_ins import StandIns, stand_ins
from meshcompile.running.validation import EnvoyRefusal, refusal


@dataclass(frozen=True, slots=True)
class EnvoyCheck:
    """An Envoy that checks bootstraps, and what takes the place of missing secrets and files."""

    binary: Path
    version: str
    stand_ins: StandIns

    @classmethod
    def of(cls, binary: Path, version: str) -> EnvoyCheck:
        """A check by an Envoy. Raises MissingExtra without the package `cryptography`."""
        return cls(binary, version, stand_ins())

    def findings(self, static: Bootstrap) -> tuple[Diagnostic, ...]:
        """What Envoy refuses; empty if it accepts the bootstrap, which has `stand_ins.credential` as its stand-in."""
        found = refusal(self.binary, self.stand_ins.instead_of_files(static.to_dict()))
        return () if found is None else (self._finding(found, static),)

    def _finding(self, found: EnvoyRefusal, static: Bootstrap) -> Diagnostic:
        resource = _resource(found, static)
        origin = NOWHERE if resource is None else next(iter(resource.origins), NOWHERE)
        what = "the bootstrap" if resource is None else f"{found.kind.removesuffix('s')} {resource.name}"
        return REFUSED_BY_ENVOY(origin, version=self.version, resource=what, problem=found.problem)


def _resource(found: EnvoyRefusal, static: Bootstrap) -> Any:
    """The message that Envoy refuses; None if no single one is to blame."""
    resources = static.content.static_resources
    return None if resources is None or not found.kind else getattr(resources, found.kind)[found.index]
