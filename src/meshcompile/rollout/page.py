"""A plan as an HTML page without scripts."""

from html import escape

from meshcompile.compare.page import STYLE, body
from meshcompile.rollout.plan import Plan
from meshcompile.rollout.report import drain_lines, fleet_lines, order_lines, saving_lines, summary


def page(plan: Plan) -> str:
    """The page: the steps and the fleet, and then the difference."""
    parts = (order_lines(plan), fleet_lines(plan), drain_lines(plan), saving_lines(plan.savings))
    blocks = ["\n".join(lines) for part in parts if (lines := list(part))]
    head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>meshcompile plan</title>'
    sections = "\n".join(f"<section><pre>{escape(block)}</pre></section>" for block in blocks)
    title = f"<h1>meshcompile plan</h1><p>{escape(summary(plan))}</p>"
    parts_of_body = "\n".join((title, sections, "<h1>Changes</h1>", body(plan.diff)))
    return f"{head}<style>{STYLE}</style></head><body>{parts_of_body}</body></html>\n"
