"""The tables of docs/performance.md, made of the measured ratios."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.limits import bound
from bench.scaling import CASES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
SIZES = ("100 services", "1,000 services", "5,000 services")
STEPS = (
    "load",
    "snapshot",
    "first sidecar",
    "snapshot and first sidecar",
    "second sidecar",
    "first sidecar of another namespace",
    "gateway",
    "JSON of the first",
    "compact JSON of the first",
    "one VirtualService edited",
    "200 sidecars",
    "JSON of 20 of them",
)
MEMORY = ("load", "snapshot", "first sidecar", "JSON of the first")
CHECKS = ("validate", "validate, 2,000 wrong subsets", "analyze", "analyze, 2,000 wrong subsets")
FLEET = ("compiled", "compiled, with fingerprints", "memory", "gain of two processes")
COMMANDS = ("--help", "version", "validate", "validate, five kinds", "proxies", "analyze", "compile")

Ratios = Mapping[str, float]


def tables(ratios: Ratios) -> Mapping[str, str]:
    """Each table in Markdown, by its name in the page. One without figures is left out."""
    made = {
        "sizes": _table(("readings of the YAML", *SIZES, "limit", "target"), _steps(ratios)),
        "checks": _table(("findings of 5,000 resources", "readings of the YAML", "limit", "target"), _checks(ratios)),
        "memory": _table(("peak memory, 1,000 services", "sizes of the text", "limit", "target"), _memory(ratios)),
        "growth": _table(("from 1,000 services on", "growth", "limit", "target"), _growth(ratios)),
        "cases": _table(("what grows", "index", "one proxy", "memory", "growth when doubled", "limit"), _cases(ratios)),
        "fleet": _table(("2,000 sidecars and 10 gateways", "measured", "limit", "target"), _fleet(ratios)),
        "answers": _table(("answered from memory, 1,000 services", "of all questions"), _answers(ratios)),
        "start": _table(("command", "starts of Python", "limit", "target"), _start(ratios)),
    }
    return {name: text for name, text in made.items() if text}


def with_tables(page: str, ratios: Ratios) -> str:
    """The page with its tables replaced."""
    for name, text in tables(ratios).items():
        page = re.sub(
            rf"(<!-- bench: {name} -->\n).*?(<!-- end -->)",
            lambda match, text=text: f"{match[1]}\n{text}\n{match[2]}",  # type: ignore[misc]
            page,
            flags=re.DOTALL,
        )
    return page


def _table(header: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    if not lines:
        return ""
    return "\n".join(("| " + " | ".join(header) + " |", "|---|" + "---:|" * (len(header) - 1), *lines)) + "\n"


def _steps(ratios: Ratios) -> Iterator[Sequence[str]]:
    for step in STEPS:
        keys = [f"{size}: {step}" for size in SIZES]
        if any(key in ratios for key in keys):
            yield step, *(_number(ratios, key) for key in keys), *_bounds(keys[1])


def _memory(ratios: Ratios) -> Iterator[Sequence[str]]:
    return _rows(ratios, "1,000 services: memory after ", MEMORY)


def _checks(ratios: Ratios) -> Iterator[Sequence[str]]:
    return _rows(ratios, "checks: ", CHECKS)


def _growth(ratios: Ratios) -> Iterator[Sequence[str]]:
    for key in ratios:
        size, _, step = key.partition(": ")
        if size == "growth to 5,000":
            yield f"{step}: 5,000 services, in times of 1,000", _number(ratios, key), *_bounds(key)
        elif size == "growth to 20,000":
            yield f"{step}: 20,000 services, per service", _number(ratios, key), *_bounds(key)


def _cases(ratios: Ratios) -> Iterator[Sequence[str]]:
    for name, case in CASES.items():
        keys = [f"cases: {name}, {what}" for what in ("index", "one proxy", "memory", "doubled")]
        if keys[0] in ratios:
            index, proxy, memory, growth = (_number(ratios, key) for key in keys)
            yield f"{case.most:,} {case.what}", index, proxy, f"{memory} x text", growth, _bounds(keys[-1])[0]


def _fleet(ratios: Ratios) -> Iterator[Sequence[str]]:
    units = dict.fromkeys(FLEET[:2], "readings of the YAML") | {
        "memory": "sizes of the text",
        FLEET[3]: "times as fast",
    }
    for step, number, *bounds in _rows(ratios, "fleet: ", FLEET):
        yield f"{step}, {units.get(step, 'readings of the YAML')}", number, *bounds


def _start(ratios: Ratios) -> Iterator[Sequence[str]]:
    for command, *rest in _rows(ratios, "start: ", COMMANDS):
        name, _, what = command.partition(", ")
        yield f"`meshcompile {name}`{f', {what}' if what else ''}", *rest


def _answers(ratios: Ratios) -> Iterator[Sequence[str]]:
    """How many of the questions that 200 sidecars ask are answered from memory, by query."""
    return (
        (key.removeprefix("answers: "), f"{share:.1%}") for key, share in ratios.items() if key.startswith("answers")
    )


def _rows(ratios: Ratios, prefix: str, names: Sequence[str]) -> Iterator[Sequence[str]]:
    for name in names:
        if (key := prefix + name) in ratios:
            yield name, _number(ratios, key), *_bounds(key)


def _bounds(key: str) -> tuple[str, str]:
    found = bound(key)
    return _or_nothing(found.limit), _or_nothing(found.target)


def _or_nothing(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _number(ratios: Ratios, key: str) -> str:
    value = ratios.get(key)
    return "" if value is None else f"{value:.3g}" if value < 1000 else f"{value:,.0f}"
