"""Envoy's validate mode: whether Envoy accepts a configuration, and which part it refuses."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = Mapping[str, Any]
KINDS = ("listeners", "clusters")
SECONDS = 300
DEBUG_MARK = re.compile(r"goo\.gle/debug\w+ ")
"""What protobuf prints before a message, different every time."""
LONGEST = 400
"""The number of characters of Envoy's answer that are shown: after the beginning, it dumps whole messages."""


@dataclass(frozen=True, slots=True)
class EnvoyRefusal:
    """Envoy's answer, and the resource that causes it: `listeners` or `clusters`, and its index.

    The kind is "" if no single resource causes it.
    """

    problem: str
    kind: str = ""
    index: int = 0


def refusal(binary: Path, bootstrap: Json) -> EnvoyRefusal | None:
    """Why Envoy refuses the bootstrap; None if it accepts it. Nothing is bound or started."""
    problem = problem_of(binary, bootstrap)
    if not problem:
        return None
    for kind in KINDS:
        for index in _suspects(binary, bootstrap, kind):
            if own := problem_of(binary, _with_only(bootstrap, {kind: [index]})):
                return EnvoyRefusal(own, kind, index)
    return EnvoyRefusal(problem)


def problem_of(binary: Path, bootstrap: Json) -> str:
    """The first thing that Envoy dislikes; "" if it accepts the bootstrap."""
    with tempfile.TemporaryDirectory(prefix="meshcompile-") as folder:
        path = Path(folder, "envoy.json")
        path.write_text(json.dumps(bootstrap), encoding="utf-8")
        command = [str(binary), "--mode", "validate", "--disable-hot-restart", "--log-level", "critical", "-c"]
        done = subprocess.run([*command, str(path)], capture_output=True, timeout=SECONDS, check=False)
    return "" if done.returncode == 0 else readable(done.stderr.decode(errors="replace"), str(path))


def readable(text: str, path: str) -> str:
    """Envoy's answer in one line, without the name of the temporary file, and without messages that it dumps."""
    _, _, message = text.partition("[critical]")
    words = " ".join(DEBUG_MARK.sub("", message or text).split())
    _, found, after = words.partition(f"configuration '{path}': ")
    answer = after if found else words
    _, validation, reason = answer.rpartition("Proto constraint validation failed")
    if validation:
        return f"{validation}{reason}"[:LONGEST]
    return answer if len(answer) <= LONGEST else f"{answer[:LONGEST]}..."


def _suspects(binary: Path, bootstrap: Json, kind: str) -> Sequence[int]:
    """The index of the first resource of a kind that Envoy refuses even without the other kind; empty for none."""
    indexes = range(len(bootstrap["staticResources"][kind]))
    if not problem_of(binary, _with_only(bootstrap, {kind: indexes})):
        return ()
    while len(indexes) > 1:
        middle = len(indexes) // 2
        first = indexes[:middle]
        indexes = first if problem_of(binary, _with_only(bootstrap, {kind: first})) else indexes[middle:]
    return indexes


def _with_only(bootstrap: Json, kept: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """The bootstrap with some of its resources."""
    static = bootstrap["staticResources"]
    resources = {kind: [static[kind][index] for index in kept.get(kind, ())] for kind in KINDS}
    return {**bootstrap, "staticResources": {**static, **resources}}
