"""Each row of `meshcompile.changes` alone, on `mesh.yaml` with the objects in `cases/FIELD.yaml`.

The first document of a case has `proxy` and `looks`: places in the proxy's configuration, with their values before and
after the change (null where there is none). `rejected` has the objects that only one side rejects, and `found` the
findings of `analyze` on each side. Other keys are arguments of `load`. A row that changes in several releases has a
case per release, `FIELD-1.31.yaml`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

import meshcompile
from meshcompile.behaviour import ADDED_FEATURES, FEATURES, ISTIO_1_29, RELEASES, Behaviour
from meshcompile.changes import CHANGES, ReleaseChange
from meshcompile.upgrades.following import following

CASES = Path(__file__).with_name("cases")
MESH = Path(__file__).with_name("mesh.yaml")
RELEASE_PAIRS = tuple(zip(RELEASES.values(), tuple(RELEASES.items())[1:], strict=False))


def case_file(change: ReleaseChange) -> Path:
    """The case of a row."""
    own = CASES / f"{change.field}-{change.release}.yaml"
    return own if own.exists() else CASES / f"{change.field}.yaml"


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: f"{change.field}-{change.release}")
def test_the_row_changes_what_it_says(change: ReleaseChange) -> None:
    """The row alone, and nothing else, turns the configuration of before into that of after."""
    header, _, objects = case_file(change).read_text().partition("\n---\n")
    case: dict[str, Any] = yaml.safe_load(header)
    proxy, looks = case.pop("proxy", None), case.pop("looks", ())
    rejected = case.pop("rejected", {"before": [], "after": []})
    analyzed = case.pop("found", None)
    loaded = meshcompile.load([MESH, objects], **case, release=change.release)
    for side, behaviour in sides(change).items():
        mesh = following(loaded, behaviour)
        found = named(mesh.compile(proxy).to_dict()) if proxy else {}
        for look in looks:
            assert value_at(found, look["at"]) == look[side], f"{side}: {look['at']}"
        wrong = {f"{d.kind}/{d.name}.{d.namespace}" for d in mesh.diagnostics if d.rejected}
        assert wrong == set(rejected[side]), side
        if analyzed is not None:
            assert {f"{d.code} {d.kind}/{d.name}.{d.namespace}" for d in mesh.analyze()} == set(analyzed[side]), side


def sides(change: ReleaseChange) -> dict[str, Behaviour]:
    """The release without the row, and with it."""
    names = tuple(RELEASES)
    release = RELEASES[change.release]
    before = RELEASES[names[names.index(change.release) - 1]]
    return {"before": replace(release, **{change.field: getattr(before, change.field)}), "after": release}


def named(config: dict[str, Any]) -> dict[str, Any]:
    """The resources by type and name."""
    return {kind: {r.get("name") or r["clusterName"]: r for r in resources} for kind, resources in config.items()}


def value_at(found: Any, path: str) -> Any:
    """The value at a path; None if there is none. Names with a slash are written with `~1`."""
    for key in (part.replace("~1", "/") for part in path.split("/")[1:]):
        try:
            found = found[int(key) if isinstance(found, list) else key]
        except (KeyError, IndexError):
            return None
    return found


def test_every_difference_has_a_row() -> None:
    """Two releases in a row differ in exactly the fields that the rows of the later one name."""
    for before, (name, after) in RELEASE_PAIRS:
        differ = {f for f in Behaviour.__struct_fields__ if getattr(before, f) != getattr(after, f)} - {"release"}
        assert differ == {change.field for change in CHANGES if change.release == name}


def test_every_case_has_a_row() -> None:
    """There is no case without a row."""
    assert {case_file(change) for change in CHANGES} == set(CASES.iterdir())


def test_new_flags_belong_to_rows() -> None:
    """A flag that not every release has switches a row of the release that brings it."""
    rows = {(change.field, change.release) for change in CHANGES}
    assert {(FEATURES[name], release) for name, release in ADDED_FEATURES.items()} <= rows


def test_a_release_has_only_its_flags() -> None:
    """A flag of a later release is refused, with the flags that exist."""
    with pytest.raises(meshcompile.InvalidArgument, match=r"Istio 1\.30 has"):
        meshcompile.load([], features={"PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS": True})


def test_an_unknown_release_is_refused() -> None:
    """The message lists the releases."""
    with pytest.raises(meshcompile.InvalidArgument, match=r"1\.29, 1\.30, 1\.31"):
        meshcompile.load([], release="1.28")


def test_named_proxies_have_the_version_of_the_release() -> None:
    """A proxy of the mesh runs the release that the mesh follows."""
    mesh = meshcompile.load(MESH, release="1.29")
    assert {proxy.version for proxy in mesh.proxies()} == {tuple(map(int, ISTIO_1_29.release.split(".")))}


def test_a_long_pattern_of_versions_is_reported() -> None:
    """A release that does not try it says so: `long-proxy-version`. Others are silent."""
    _, _, objects = (CASES / "short_proxy_versions.yaml").read_text().partition("\n---\n")
    found = {release: meshcompile.load(objects, release=release).diagnostics for release in ("1.30", "1.31")}
    assert [each for each in found["1.30"] if each.slug == "long-proxy-version"] == []
    (finding,) = (each for each in found["1.31"] if each.code == "MC1013")
    assert "istiod reads at most 1024" in finding.message
    assert not finding.rejected
