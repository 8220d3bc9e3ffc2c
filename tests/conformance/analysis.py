"""The findings of `mesh.analyze()` for a case, compared with those of all of istioctl's analyzers."""

from __future__ import annotations

import json
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

NOT_COMPARED = frozenset({"IST0130", "IST0131"})
"""Codes of istioctl's rough rules about the order of rules. `analyze` proves what it says of it."""

Place = tuple[str, int]  # `CODE Kind namespace/name`, and the line; 0 for none


@dataclass(frozen=True, slots=True)
class Agreement:
    """Messages of one case as `CODE Kind namespace/name`: in both outputs, or only in istioctl's or meshcompile's.

    `elsewhere` are those in both outputs, at another line.
    """

    case: str
    both: list[str]
    missing: list[str]
    extra: list[str]
    elsewhere: list[str]

    @property
    def whole(self) -> bool:
        return not self.missing and not self.extra


def analysed_cases(root: Path, cases: tuple[str, ...]) -> tuple[str, ...]:
    """The cases with istioctl's output. istioctl panics for the others."""
    return tuple(case for case in cases if (root / case / "istiod" / "analyze-full.json").exists())


def run_analysis(root: Path, case: str) -> Agreement:
    """The agreement on one case. Messages are compared as multisets of code and object, and then of places."""
    answer = json.loads((root / case / "istiod" / "analyze-full.json").read_text())
    by_chance = {_message(each) for each in answer["unstable"]}
    told = [(_message(each), _line(each)) for each in answer["messages"]]
    told_places, said_places = (
        Counter(place for place in places if place[0] not in by_chance and place[0].split()[0] not in NOT_COMPARED)
        for places in (told, _said(root / case))
    )
    want, have = _messages(told_places), _messages(said_places)
    lost = _messages(Counter({place: n for place, n in (told_places - said_places).items() if place[1]}))
    return Agreement(
        case,
        list((want & have).elements()),
        list((want - have).elements()),
        list((have - want).elements()),
        list((lost - (want - have)).elements()),
    )


def _message(told: dict[str, str]) -> str:
    return f"{told['code']} {told['origin']}"


def _line(told: dict[str, str]) -> int:
    return int(told.get("reference", "").rpartition(":")[2] or 0)


def _messages(places: Counter[Place]) -> Counter[str]:
    found: Counter[str] = Counter()
    for (message, _), count in places.items():
        found[message] += count
    return found


def _said(folder: Path) -> list[Place]:
    spec = yaml.load((folder / "case.yaml").read_text(), Loader=yaml.CSafeLoader)
    try:
        import meshcompile

        mesh: Any = meshcompile.load(
            [folder / "input.yaml"],
            mesh_config=spec.get("mesh"),
            networks=spec.get("networks"),
            ambient=spec.get("ambient", False),
        )
        return [
            (f"{found.code} {found.kind} {f'{found.namespace}/' if found.namespace else ''}{found.name}", found.line)
            for found in mesh.analyze()
            if found.code.startswith("IST")
        ]
    except Exception:
        return [("raised " + traceback.format_exc().strip().splitlines()[-1], 0)]
