"""The difference of two meshes as an HTML page without scripts."""

from collections.abc import Iterator, Sequence
from html import escape

from meshcompile.compare.authorization import policy_lines
from meshcompile.compare.data import lines
from meshcompile.compare.mesh_diff import MeshChange, MeshDiff
from meshcompile.compare.report import outcome, request, summary, undecided_lines

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #1f2328 }
section { border: 1px solid #d1d9e0; border-radius: 6px; padding: .5rem 1rem; margin: 1rem 0 }
code { font-family: ui-monospace, monospace; font-size: 13px } dt { color: #59636e } dd { margin: 0 0 .4rem }
.risk { background: #fff1e5; color: #953800; border-radius: 1rem; padding: 0 .6rem; font-size: 13px }
.before { background: #ffebe9 } .after { background: #dafbe1 }
"""


def page(diff: MeshDiff) -> str:
    """The page."""
    head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>meshcompile diff</title>'
    return f"{head}\n<style>{STYLE}</style></head><body><h1>meshcompile diff</h1>{body(diff)}\n</body></html>\n"


def body(diff: MeshDiff) -> str:
    """What stands in the page."""
    return "\n".join(_body(diff))


def _body(diff: MeshDiff) -> Iterator[str]:
    yield f"<p>{escape(summary(diff))}</p>"
    for change in diff.changes:
        yield from _section(change)
    yield from _list("Policies", list(map(str.strip, policy_lines(diff.policies))))
    yield from _list("Not compared", list(undecided_lines(diff)))
    resources = [
        f"{each.change} {each.type} {each.name} ({', '.join(group.proxies)})"
        for group in diff.resources
        for each in group.resources
    ]
    yield from _list("Resources", resources)


def _section(change: MeshChange) -> Iterator[str]:
    risks = "".join(f' <span class="risk">{escape(risk)}</span>' for risk in change.risky)
    yield f"<section><h2>{escape(change.requests)}{risks}</h2><dl>"
    yield from _item("proxies", ", ".join(change.proxies))
    yield from _item("hosts", ", ".join(change.hosts))
    yield from _item("witness", request(change.witness))
    yield from _item("before", outcome(change.before, change.after), "before")
    yield from _item("after", outcome(change.after, change.before), "after")
    yield from _item("settings", "; ".join(map(str, change.settings)))
    yield from _item("lines", ", ".join(lines((*change.lines_before, *change.lines_after))))
    yield "</dl></section>"


def _item(name: str, value: str, kind: str = "") -> Iterator[str]:
    if value:
        yield f'<dt>{name}</dt><dd><code class="{kind}">{escape(value)}</code></dd>'


def _list(title: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield f"<details><summary>{title} ({len(items)})</summary><ul>"
        yield from (f"<li><code>{escape(item)}</code></li>" for item in items)
        yield "</ul></details>"
