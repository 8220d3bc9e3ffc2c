"""`compile --layout xds`, and the errors of its options."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

PROXY = "deployment/catalog.shop"


def test_the_layout_of_a_proxy(run: Run, mesh: Path, tmp_path: Path) -> None:
    """A folder per proxy, a file per list, and a file per route table and per cluster with endpoints."""
    done = run("compile", "-p", PROXY, mesh, "--layout", "xds", "--output-dir", tmp_path / "out")
    assert done.err.startswith("meshcompile: wrote 5 files for 1 proxy")
    folder = tmp_path / "out" / "catalog-0.shop"
    assert {path.relative_to(folder).parts[0] for path in folder.rglob("*.json")} == {
        "bootstrap.json", "cds.json", "lds.json", "rds", "eds",
    }  # fmt: skip
    assert str(folder / "lds.json") in (folder / "bootstrap.json").read_text()
    again = run("compile", "-p", PROXY, mesh, "--layout", "xds", "--output-dir", tmp_path / "out")
    assert again.err.startswith(f"meshcompile: all files in {tmp_path / 'out'} are up to date")


def test_the_folder_may_be_elsewhere_for_envoy(run: Run, mesh: Path, tmp_path: Path) -> None:
    """With --envoy-dir, the files name each other where Envoy sees them."""
    run("compile", "-p", PROXY, mesh, "--layout", "xds", "--output-dir", tmp_path, "--envoy-dir", "/etc/envoy")
    text = (tmp_path / "catalog-0.shop" / "bootstrap.json").read_text()
    assert "/etc/envoy/catalog-0.shop/lds.json" in text
    assert str(tmp_path) not in text


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ((), "--layout xds writes files: add --output-dir DIR"),
        (("--output-dir", "out", "--type", "routes"), "omit --type"),
        (("--output-dir", "out", "-o", "yaml"), "omit --output"),
    ],
)
def test_options_that_do_not_fit(run: Run, mesh: Path, more: tuple[str, ...], message: str) -> None:
    """Files for Envoy are complete, JSON, and in a folder."""
    done = run("compile", "-p", PROXY, mesh, "--layout", "xds", *more)
    assert done.status == 2
    assert message in done.err
