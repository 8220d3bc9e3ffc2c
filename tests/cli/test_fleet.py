"""`meshcompile fleet`, and `compile --all-proxies` with several processes."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import meshcompile
from meshcompile.cli.progress import CLEAR, counting
from tests.cli.conftest import MESH, Run

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "fleet.json").read_text())
CART = MESH.replace("catalog", "cart").replace("10.96.0.10", "10.96.0.11")
FIRST_COLUMNS = ["NAME", "TYPE", "RESOURCES", "BYTES"]
PATCH = """\
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: idle, namespace: shop}
spec:
  configPatches:
    - applyTo: CLUSTER
      match: {cluster: {service: nobody.shop.svc.cluster.local}}
      patch: {operation: MERGE, value: {connect_timeout: 3s}}
"""


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Eight proxies in two namespaces, and a patch that changes none of the six in its own."""
    path = tmp_path / "many.yaml"
    other = (MESH + "---\n" + CART).replace("namespace: shop", "namespace: other").replace("10.96.0", "10.96.1")

    more = [
        MESH.replace("catalog", name).replace("10.96.0.10", f"10.96.2.{number}")
        for number, name in enumerate(("a", "b", "c", "d"), 1)
    ]
    path.write_text("---\n".join([MESH, CART, other, *more, PATCH]))
    return path


def test_the_table_has_a_row_per_proxy(run: Run, many: Path) -> None:
    """A row has the number of resources, their bytes, and the beginning of each fingerprint."""
    done = run("fleet", many)
    header, *rows = (re.split(r" {3,}", line) for line in done.out.splitlines())
    assert header == [
        "NAME",
        "TYPE",
        "RESOURCES",
        "BYTES",
        "LISTENERS",
        "ROUTES",
        "CLUSTERS",
        "ENDPOINTS",
        "EXTENSIONS",
    ]
    configs = list(meshcompile.load(many).compile_all())
    assert [row[0] for row in rows] == [config.proxy.id for config in configs]
    for row, config in zip(rows, configs, strict=True):
        texts = (json.dumps(each, separators=(",", ":"), ensure_ascii=False) for each in config.to_dict().values())
        assert int(row[3]) == sum(len(text.encode()) for text in texts)
        assert row[4:] == [*(config.fingerprints[name.lower()][:8] for name in header[4:8]), "-"]
    assert done.err.startswith("meshcompile: 8 proxies with 8 different configurations\n")
    assert done.status == 0


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_data_keep_to_the_schema(run: Run, many: Path, jobs: str) -> None:
    """`-o json` is what the schema says, and has the whole fingerprints, whoever compiles."""
    shown = json.loads(run("fleet", many, "-o", "json", "--jobs", jobs).out)
    Draft202012Validator(SCHEMA).validate(shown)
    for entry, config in zip(shown, meshcompile.load(many).compile_all(), strict=True):
        assert entry["fingerprint"] == config.fingerprint
        assert {name: each["fingerprint"] for name, each in entry["types"].items()} == config.fingerprints
        assert entry["resources"] == sum(each["resources"] for each in entry["types"].values())


def test_the_schema_refuses_other_data(run: Run, many: Path) -> None:
    """An entry without a fingerprint is not what the command prints."""
    entry, *_ = json.loads(run("fleet", many, "-o", "json").out)
    del entry["types"]["clusters"]["fingerprint"]
    assert not Draft202012Validator(SCHEMA).is_valid([entry])


def test_equal_configurations_are_counted(run: Run, tmp_path: Path) -> None:
    """Two workloads with the same labels have one configuration."""
    path = tmp_path / "mesh.yaml"
    deployment = MESH.partition("---\n")[2]
    path.write_text(f"{MESH}---\n{deployment.replace('metadata: {name: catalog', 'metadata: {name: canary')}")
    done = run("fleet", path)
    canary, catalog = (line.split()[2:] for line in done.out.splitlines()[1:])
    assert canary == catalog
    assert done.err == "meshcompile: 2 proxies with 1 different configuration\n"


def files(folder: Path) -> Mapping[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_processes_write_the_same_files(run: Run, many: Path, tmp_path: Path, form: str) -> None:
    """With `--jobs`, files, messages and findings are those of one process."""
    one = run("compile", "--all-proxies", many, "--output-dir", tmp_path / "out", "-o", form)
    expected = files(tmp_path / "out")
    two = run("compile", "--all-proxies", many, "--output-dir", tmp_path / "out", "-o", form, "--jobs", "2")
    assert two == one
    assert files(tmp_path / "out") == expected
    assert len(expected) == 8 * 5 + 1
    assert "; nor for 5 other proxies" in one.err


@pytest.mark.parametrize("options", [(), ("-o", "yaml"), ("--type", "routes"), ("--sources", "--type", "routes")])
def test_processes_print_the_same(run: Run, many: Path, options: tuple[str, ...]) -> None:
    """With `--jobs`, stdout and stderr are those of one process."""
    one = run("compile", "--all-proxies", many, *options)
    assert run("compile", "--all-proxies", many, *options, "--jobs", "2") == one


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("compile", "--all-proxies", "--jobs", "0"), "expected a number of processes from 1, not '0'"),
        (("fleet", "--jobs", "two"), "expected a number of processes from 1, not 'two'"),
        (("compile", "-p", "catalog-0.shop", "--jobs", "2"), "add --all-proxies"),
        (("compile", "-p", "catalog-0.shop", "--executor", "dask://a:1"), "add --all-proxies"),
    ],
)
def test_wrong_workers(run: Run, mesh: Path, arguments: tuple[str, ...], message: str) -> None:
    """Options for workers that cannot be are wrong usage."""
    done = run(*arguments, mesh)
    assert (done.status, done.out) == (2, "")
    assert message in done.err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_long_work_is_counted_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a second, a terminal shows how much is done, and the line is gone in the end."""
    terminal, ticks = Terminal(), iter([0.0, 0.4, 1.2, 1.3, 3.0])
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr("meshcompile.cli.progress.time.monotonic", lambda: next(ticks))
    assert list(counting(iter("abcd"), "compiled", 4, "proxy")) == list("abcd")
    shown = terminal.getvalue().split(CLEAR)
    assert shown == ["", "meshcompile: compiled 2 of 4 proxies, 1 s", "meshcompile: compiled 4 of 4 proxies, 3 s", ""]


def test_nothing_is_counted_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal, nothing but the items passes."""
    assert list(counting(iter("ab"), "compiled", 2, "proxy")) == ["a", "b"]
    assert capsys.readouterr() == ("", "")
