"""An upgrade as text for people: on a terminal, and in Markdown."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from meshcompile.compare.mesh_diff import ResourceGroup
from meshcompile.compare.report import change_lines, details, names
from meshcompile.compare.resources import ChangeKind
from meshcompile.diagnostics import Diagnostic
from meshcompile.upgrades.field_effects import FieldEffect
from meshcompile.upgrades.upgrade import RowAtWork, Upgrade
from meshcompile.words import counted

LONGEST = 60
"""The number of characters of a value that are shown."""


def summary(upgrade: Upgrade) -> str:
    """The upgrade in one sentence."""
    versions = f"Istio {upgrade.before} -> {upgrade.after}"
    if upgrade.is_empty:
        return f"{versions}: no change for {counted(upgrade.proxies, 'proxy')}"
    changed = f"{upgrade.changing} of {counted(upgrade.proxies, 'proxy')} change"
    rejected = f", {counted(len(upgrade.rejected), 'object')} rejected" if upgrade.rejected else ""
    return f"{versions}: {counted(len(upgrade.rows), 'difference')} at work, {changed}{rejected}"


def text(upgrade: Upgrade) -> str:
    """The report for a terminal."""
    return "\n".join(_text(upgrade)) + "\n"


def _text(upgrade: Upgrade) -> Iterator[str]:
    yield summary(upgrade)
    for number, row in enumerate(upgrade.rows, 1):
        yield ""
        yield f"{number}. {row.change.title} ({row.change.release})"
        yield f"   {row.change.effect}"
        yield from (f"   {line}" for line in _facts(row))
    if upgrade.unexplained:
        yield ""
        yield "not explained by any known difference between the releases:"
        yield from (f"  {line}" for line in _unexplained(upgrade.unexplained))
    if upgrade.assumed or upgrade.left_out:
        yield from ("", *_gateways(upgrade))
    if upgrade.deprecated:
        yield from ("", _deprecated(upgrade), *(f"  {_finding(each)}" for each in upgrade.deprecated))


def _deprecated(upgrade: Upgrade) -> str:
    return f"deprecated in Istio {upgrade.after}, without an effect on this upgrade:"


def _gateways(upgrade: Upgrade) -> Iterator[str]:
    if upgrade.assumed:
        yield f"assumed, because the input has no workload for them: {', '.join(upgrade.assumed)}"
    yield from (f"not compared: {each}" for each in upgrade.left_out)


def _facts(row: RowAtWork) -> Iterator[str]:
    if row.proxies:
        yield f"proxies  {counted(len(row.proxies), 'workload')}: {names(row.proxies)}"
    for effect in row.fields:
        yield from _field_lines(effect)
    if row.settings:
        yield f"requests {counted(row.settings, 'set')} of requests go where they went, to clusters with other settings"
    for change in row.requests:
        yield from change_lines(change)
    yield from (f"new      {_finding(each)}" for each in row.new_findings)
    yield from (f"gone     {_finding(each)}" for each in row.gone_findings)
    yield from _fleet(row)
    yield f"keep     {'; or '.join(row.change.ways_back) or 'nothing restores the earlier behaviour'}"
    yield f"see      {row.change.link}"


def _fleet(row: RowAtWork) -> Iterator[str]:
    if row.added:
        yield f"added    proxies {names(row.added)}"
    if row.removed:
        yield f"removed  proxies {names(row.removed)}"


def _field_lines(effect: FieldEffect) -> Iterator[str]:
    what = counted(len(effect.resources), effect.type.removesuffix("s"))
    where = f"{what} at {counted(len(effect.proxies), 'workload')}"
    if effect.change is not ChangeKind.CHANGED:
        yield f"{effect.change:<9}{where}, such as {effect.example.resource}"
        return
    yield f"changes  {effect.field} in {where}"
    yield f"example  {effect.example.resource}: {_value(effect.example.before)} -> {_value(effect.example.after)}"


def _value(value: Any) -> str:
    """A value in one short line."""
    if value is None:
        return "absent"
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}..."


def _finding(finding: Diagnostic) -> str:
    what = "rejected" if finding.rejected else str(finding.severity)
    return f"{finding.origin}: {what}: {finding.message} [{finding.code} {finding.slug}]"


def _unexplained(groups: Iterable[ResourceGroup]) -> Iterator[str]:
    for group in groups:
        yield names(group.proxies)
        yield from (f"  {each.change} {each.type} {each.name}" for each in group.resources)


def markdown(upgrade: Upgrade) -> str:
    """The report as a comment of a pull request: a table of the differences, and the details folded."""
    return "\n".join(_markdown(upgrade)) + "\n"


def _markdown(upgrade: Upgrade) -> Iterator[str]:
    yield f"**meshcompile upgrade**: {summary(upgrade)}"
    if upgrade.rows:
        yield from ("", "| difference | workloads | to keep the earlier behaviour |", "|---|---|---|")
        yield from map(_table_row, upgrade.rows)
    for row in upgrade.rows:
        yield from details(row.change.title, (row.change.effect, *_facts(row)))
    if upgrade.unexplained:
        yield from details("not explained by any known difference", _unexplained(upgrade.unexplained))
    if upgrade.assumed or upgrade.left_out:
        yield from ("", *(f"- {line}" for line in _gateways(upgrade)))
    if upgrade.deprecated:
        yield from details(_deprecated(upgrade).removesuffix(":"), map(_finding, upgrade.deprecated))


def _table_row(row: RowAtWork) -> str:
    rejected: Sequence[Diagnostic] = [each for each in row.new_findings if each.rejected]
    marks = f" ⚠️ {counted(len(rejected), 'object')} rejected" if rejected else ""
    title = f"[{row.change.title}]({row.change.link}){marks}"
    keep = "; or ".join(row.change.ways_back) or "nothing"
    return f"| {title} | {len(row.proxies)} | {keep.replace('|', chr(92) + '|')} |"
