"""Pairs of meshes, and what people say the change between them does: does `diff` find every change, and nothing else?

    python -m tests.conformance.pairs [FOLDER]

prints a line per pair and the figures. FOLDER has the pairs; without it, those of the archive are read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

import meshcompile
from meshcompile import MeshDiff
from tests.conformance.corpus import cases_dir

ARCHIVE = Path(__file__).with_name("pairs.tar.xz")


class JudgedPair(Struct, frozen=True):
    """A pair, with the changes that were wanted and found, and what is wrong in words."""

    name: str
    wanted: int
    found: int
    problems: tuple[str, ...]


def pairs_dir() -> Path:
    """The folder of the pairs."""
    return cases_dir(ARCHIVE)


def judged(folder: Path) -> JudgedPair:
    """What `diff` says of a pair, compared with what a person says."""
    pair = yaml.safe_load((folder / "pair.yaml").read_text(encoding="utf-8"))
    before, after = (meshcompile.load(folder / side) for side in ("before", "after"))
    diff = meshcompile.diff(before, after)
    problems = tuple(_problems(pair, diff))
    return JudgedPair(folder.name, len(pair["changes"]), len(diff.changes), problems)


def _problems(pair: Mapping[str, Any], diff: MeshDiff) -> Iterator[str]:
    data = diff.to_dict()
    if data["behaviour"] != pair["behaviour"]:
        yield f"behaviour is {data['behaviour']}, not {pair['behaviour']}"
    if data["proved"] != (pair["behaviour"] == "none"):
        yield f"proved is {data['proved']}"
    if set(data["risky"]) != set(pair["risky"]):
        yield f"risky are {data['risky']}, not {pair['risky']}"
    if data["undecided"]:
        yield f"not compared: {data['undecided']}"
    if len(data["changes"]) != len(pair["changes"]):
        yield f"{len(data['changes'])} changes, not {len(pair['changes'])}"
    elif not any(_all_same(pair["changes"], order) for order in permutations(data["changes"])):
        yield "the changes are others"


def _all_same(wanted: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]) -> bool:
    return all(_is_same(one, other) for one, other in zip(wanted, found, strict=True))


def _is_same(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether a change is the one that a person describes: the same proxies, and the same outcomes."""
    sides = ("before", "after")
    return set(wanted["proxies"]) == set(found["proxies"]) and all(
        _is_outcome(wanted[side], {**found[side], "hosts": found["hosts"]}, other=found[sides[side == "before"]])
        for side in sides
    )


def _is_outcome(wanted: Mapping[str, Any], found: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether an outcome is as described. A slow answer is not known: there the timeout counts, and not the status."""
    outcomes = found.get("outcomes", [found])
    checks = {
        "status": lambda want: "timeout" in wanted or all(each["status"] == want for each in outcomes),
        "timeout": lambda want: found.get("timeout") == want,
        "cluster": lambda want: found.get("cluster", want) == want or _is_of(want, found["hosts"]),
        "shares": lambda want: sorted(want.values()) == sorted(each.get("share", 100) for each in outcomes),
        "mtls": lambda want: found.get("mtls") == want,
        "mirrored_to": lambda want: bool(found.get("mirrors")) == bool(want),
        "headers": lambda want: any(want.values()) == bool(found.get("depends_on")),
        "headers_at_application": lambda want: found.get("upstream_headers") != other.get("upstream_headers"),
    }
    return all(check(wanted[name]) for name, check in checks.items() if name in wanted)


def _is_of(cluster: str, hosts: Sequence[str]) -> bool:
    """Whether a cluster is that of one of several hosts to which the same happens."""
    return cluster.rpartition("|")[2].startswith(tuple(f"{host}." for host in hosts))


def main(arguments: Sequence[str]) -> int:
    """Print what `diff` says of each pair."""
    root = Path(arguments[0]) if arguments else pairs_dir()
    found = [judged(folder) for folder in sorted(root.iterdir()) if (folder / "pair.yaml").is_file()]
    for each in found:
        print(f"{each.name}: {'; '.join(each.problems) or 'ok'}")
    good = [each for each in found if not each.problems]
    changes = sum(each.wanted for each in good)
    print(f"{len(good)} of {len(found)} pairs, {changes} of {sum(each.wanted for each in found)} changes")
    return 0 if len(good) == len(found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
