"""The findings of `mesh.analyze()` for a case, compared with `istioctl analyze` on the same files."""

from __future__ import annotations

import json
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# The codes that istioctl can report for files. With --use-kube=false it skips every analyzer that reads Services, Pods,
# Namespaces, Nodes or Secrets. Other codes are meshcompile's own and are not compared.
# Namespaces, Nodes or Secrets. Messages with other codes are ours to give and are not compared.
OFFLINE = frozenset(
    f"IST{number:04}"
    for number in (
        *(2, 101, 106, 109, 128, 129, 130, 131, 132, 133, 134, 138),
        *(151, 152, 153, 154, 155, 157, 160, 163, 164, 165, 175, 176),
    )
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Messages of one case as `CODE Kind namespace/name`: in both outputs, or only in istioctl's or meshcompile's."""

    case: str
    both: list[str]
    missing: list[str]
    extra: list[str]

    @property
    def whole(self) -> bool:
        return not self.missing and not self.extra


def analysed_cases(root: Path, cases: tuple[str, ...]) -> tuple[str, ...]:
    """The cases with istioctl's output."""
    return tuple(case for case in cases if (root / case / "istiod" / "analyze.json").exists())


def run_analysis(root: Path, case: str) -> Agreement:
    """The agreement on one case. Messages are compared as multisets of code and object."""
    answer = json.loads((root / case / "istiod" / "analyze.json").read_text())
    want = Counter(f"{message['code']} {message['origin']}" for message in answer)
    have = _messages(root / case)
    return Agreement(
        case, list((want & have).elements()), list((want - have).elements()), list((have - want).elements())
    )


def _messages(folder: Path) -> Counter[str]:
    spec = yaml.load((folder / "case.yaml").read_text(), Loader=yaml.CSafeLoader)
    try:
        import meshcompile

        mesh: Any = meshcompile.load(
            [folder / "input.yaml"],
            mesh_config=spec.get("mesh"),
            networks=spec.get("networks"),
            ambient=spec.get("ambient", False),
        )
        return Counter(
            f"{found.code} {found.kind} {f'{found.namespace}/' if found.namespace else ''}{found.name}"
            for found in mesh.analyze()
            if found.code in OFFLINE
        )
    except Exception:
        return Counter(["raised " + traceback.format_exc().strip().splitlines()[-1]])
