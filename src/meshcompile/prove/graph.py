"""Who can call a service, as a drawing: text for Graphviz and Mermaid."""

import json
from collections.abc import Iterator
from typing import TypeAlias

from meshcompile.prove.conditions import Conditions
from meshcompile.prove.rows import PLAIN_TEXT, Reach, ReachRow

Edge: TypeAlias = tuple[str, str, str]
"""The names of both ends, and what is between them."""
MOST_CALLERS = 30
"""The number of callers of one row that are drawn one by one."""
ANYONE = "anyone without an identity"
LONGEST = 60


def dot(found: Reach) -> str:
    """The drawing in Graphviz' language."""
    lines = (f"  {_quoted(one)} -> {_quoted(other)} [label={_quoted(label)}];" for one, other, label in _edges(found))
    return "\n".join(["digraph reach {", "  rankdir=LR;", "  node [shape=box];", *lines, "}", ""])


def mermaid(found: Reach) -> str:
    """The drawing in Mermaid's language."""
    edges = tuple(_edges(found))
    names = dict.fromkeys(name for one, other, _ in edges for name in (one, other))
    number = {name: f"n{index}" for index, name in enumerate(names)}
    nodes = (f'  {number[name]}["{_escaped(name)}"]' for name in names)
    lines = (
        f'  {number[one]} -->|"{_escaped(label)}"| {number[other]}' if label else f"  {number[one]} --> {number[other]}"
        for one, other, label in edges
    )
    return "\n".join(["flowchart LR", *nodes, *lines, ""])


def _edges(found: Reach) -> Iterator[Edge]:
    """The arrows, each once."""
    yield from dict.fromkeys(edge for row in found.rows for edge in _edges_of(row))


def _edges_of(row: ReachRow) -> Iterator[Edge]:
    served, label = f"{row.server}:{row.port}", short(row)
    if row.via:
        yield from ((caller, row.via, "") for caller in _drawn(row))
        yield row.via, served, label
        return
    yield from ((caller, served, label) for caller in _drawn(row))
    if PLAIN_TEXT in row.connections:
        yield ANYONE, served, label


def _drawn(row: ReachRow) -> tuple[str, ...]:
    return row.callers if len(row.callers) <= MOST_CALLERS else (f"{len(row.callers)} workloads",)


def short(row: ReachRow) -> str:
    """The conditions of a row in a few words, without those on who the client is."""
    text = " | ".join(dict.fromkeys(_without_client(each) for each in row.any_of))
    text = f"{text}, with exceptions" if row.unless and text else "with exceptions" if row.unless else text
    return f"{'unknown: ' if row.reason else ''}{text if len(text) <= LONGEST else f'{text[:LONGEST]}...'}"


def _without_client(conditions: Conditions) -> str:
    return ", ".join(str(each) for each in conditions if each.on != "principal")


def _quoted(text: str) -> str:
    return json.dumps(text)


def _escaped(text: str) -> str:
    return text.replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
