"""Config dumps on the command line: printed, shown in tables, and turned into a bootstrap."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meshcompile.cli.main import main

COOLSTORE = str(Path(__file__).parents[2] / "examples" / "coolstore")
WEBAPP = "deployment/webapp.istioinaction"


@pytest.fixture
def dump(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """A file with the config dump of a proxy."""
    assert main(["compile", "-p", WEBAPP, "-o", "config-dump", "-f", COOLSTORE]) == 0
    path = tmp_path / "dump.json"
    path.write_text(capsys.readouterr().out)
    return str(path)


@pytest.mark.parametrize("table", ["listeners", "routes", "clusters", "endpoints"])
def test_tables_of_a_dump(table: str, dump: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A dump has the rows of the compiled configuration with its live parts."""
    assert main(["pc", table, WEBAPP, "--live-parts", "-f", COOLSTORE]) == 0
    compiled = capsys.readouterr().out
    assert main(["pc", table, "-f", dump]) == 0
    rows = set(capsys.readouterr().out.splitlines())
    assert rows == set(compiled.splitlines())


def test_secrets_and_bootstrap_of_a_dump(dump: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The other tables read the dump, too."""
    assert main(["pc", "secrets", "-f", dump]) == 0
    assert "ROOTCA" in capsys.readouterr().out
    assert main(["pc", "bootstrap", "-o", "json", "-f", dump]) == 0
    assert json.loads(capsys.readouterr().out)["bootstrap"]["node"]["id"].startswith("sidecar~")
    assert main(["pc", "bootstrap", "-f", dump]) == 0
    assert capsys.readouterr().out == "Istio Version: 1.30.3\n"
    assert main(["pc", "all", "-f", dump]) == 0
    assert "ROOTCA" in capsys.readouterr().out


def test_a_dump_is_the_only_input(dump: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A proxy or more files beside a dump are wrong usage."""
    assert main(["pc", "listeners", WEBAPP, "-f", dump]) == 2
    assert "leave out the proxy" in capsys.readouterr().err
    assert main(["pc", "listeners", "-f", dump, "-f", COOLSTORE]) == 2
    assert "pass it as the only -f" in capsys.readouterr().err


def test_import(dump: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The imported bootstrap has the resources of the compiled one, and those of the dumped bootstrap."""
    assert main(["bootstrap", WEBAPP, "-f", COOLSTORE, "--flavour", "istio"]) == 0
    compiled = json.loads(capsys.readouterr().out)
    assert main(["import", dump, "--flavour", "istio"]) == 0
    imported = json.loads(capsys.readouterr().out)
    assert imported["node"] == compiled["node"]
    for kind in ("listeners", "clusters"):
        found = {each["name"]: each for each in imported["staticResources"][kind]}
        assert {each["name"]: each for each in compiled["staticResources"][kind]}.items() <= found.items()
    assert {"prometheus_stats", "agent"} <= {each["name"] for each in imported["staticResources"]["clusters"]}


@pytest.mark.parametrize("text", ["", "kind: Service", '{"configs": []}', '{"configs": [{"@type": 7}]}'])
def test_what_is_no_dump(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is no dump is unreadable input."""
    path = tmp_path / "dump.json"
    path.write_text(text)
    assert main(["import", str(path)]) == 3
    assert "this is no config dump" in capsys.readouterr().err
    assert main(["import", str(tmp_path / "absent.json")]) == 3


def test_options_that_a_dump_does_not_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A dump is printed as a whole."""
    base = ["compile", "-p", WEBAPP, "-o", "config-dump", "-f", COOLSTORE]
    for more in (["--sources"], ["--type", "routes"], ["--output-dir", str(tmp_path)]):
        assert main([*base, *more]) == 2
    capsys.readouterr()
