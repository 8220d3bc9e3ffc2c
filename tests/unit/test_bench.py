"""What the bench says about figures; measuring itself is no test."""

from __future__ import annotations

import meshcompile
from bench import history, measure, report
from bench.limits import BOUNDS, Bound, bound, checked
from bench.meshes import edited_service, mesh, sidecars
from bench.report import PAGE, tables, with_tables


def test_the_page_has_the_figures_of_the_last_run() -> None:
    """The tables of docs/performance.md are those of `bench/last.json`, with the limits that hold."""
    page = PAGE.read_text()
    assert with_tables(page, history.last()) == page
    assert "| load |" in page


def test_every_table_has_its_place_in_the_page() -> None:
    """What is printed is on the page, apart from the counts of answers."""
    page = PAGE.read_text()
    assert {name for name in tables(history.last()) if f"<!-- bench: {name} -->\n" not in page} <= {"answers"}


def test_a_limit_fails_and_a_target_is_open() -> None:
    """A ratio over its limit does not hold; one over its target only does not reach it."""
    key = "start: validate"
    limit, target = BOUNDS[key].limit, BOUNDS[key].target
    assert limit is not None
    assert target is not None
    over, between, below = (next(checked({key: value})) for value in (limit + 1, target + 1, target))
    assert (over.holds, between.holds, below.holds) == (False, True, True)
    assert (between.reaches, below.reaches) == (False, True)
    assert [str(each)[:4] for each in (over, between, below)] == ["OVER", "open", "ok  "]


def test_targets_are_below_limits() -> None:
    """No limit is stricter than its target, and every limit has a figure that was measured."""
    assert all(b.target is None or b.limit is None or b.target <= b.limit for b in BOUNDS.values())
    assert {key for key, each in BOUNDS.items() if each.limit is not None} <= history.last().keys()


def test_each_case_has_the_limit_of_linear_growth() -> None:
    """A case may take little more than twice as long for twice as much."""
    assert bound("cases: routes, doubled") == Bound(2.4)
    assert bound("cases: routes, index") == Bound()


def test_changes_are_in_ratios_and_the_worst_is_first() -> None:
    """Only notable changes are shown, and what is not measured any more."""
    before = {"a: x": 1.0, "a: y": 1.0, "a: z": 1.0, "a: gone": 1.0, "b: other": 1.0}
    assert list(history.changes(before, {"a: x": 1.3, "a: y": 1.1, "a: z": 0.5})) == [
        " 1.30 times the last: a: x: 1.3, was 1",
        " 0.50 times the last: a: z: 0.5, was 1",
        "not measured any more: a: gone",
    ]


def test_seconds_become_readings() -> None:
    """A ratio is a time in times of reading the YAML."""
    assert measure.ratios({"yaml": 2.0, "load": 3.0}) == {"load": 1.5}


def test_tables_leave_out_what_was_not_measured() -> None:
    """A run of one part prints the tables of that part."""
    assert tables({"fleet: compiled": 11.96}).keys() == {"fleet"}
    assert report.tables({}) == {}


def test_the_mesh_has_what_is_measured() -> None:
    """The mesh has two sidecars per service and all gateways, and the edit changes one VirtualService."""
    loaded = meshcompile.load(mesh(3, gateways=4))
    assert len(loaded.proxies()) == 2 * 3 + 4
    first = loaded.proxy(sidecars(3, 1)[0])
    edited = loaded.updated(edited_service())
    assert len(edited.config_cluster.resources) == len(loaded.config_cluster.resources)
    before, after = (each.compile(first).fingerprints for each in (loaded, edited))
    assert {kind for kind in before if before[kind] != after[kind]} == {"routes"}
