"""`meshcompile drift`: what differs between a running proxy and the files, with places."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import jsonschema
import pytest

from meshcompile.cli.main import main

ROOT = Path(__file__).parents[2]
WEBAPP = "deployment/webapp.istioinaction"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A copy of the coolstore, which may be edited."""
    return Path(shutil.copytree(ROOT / "examples" / "coolstore", tmp_path / "coolstore"))


@pytest.fixture
def dump(files: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The config dump of a proxy that runs what the files say before they are edited."""
    assert main(["compile", "-p", WEBAPP, "-o", "config-dump", "-f", str(files)]) == 0
    path = files.parent / "dump.json"
    path.write_text(capsys.readouterr().out)
    return path


def edit(files: Path, name: str, old: str, new: str) -> None:
    path = files / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))


def test_no_drift(files: Path, dump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A proxy that runs what the files say has no drift, whatever the order and the versions in the dump."""
    data = json.loads(dump.read_text())
    data["configs"].reverse()
    for config in data["configs"]:
        config["last_updated"] = "2026-01-01T00:00:00Z"
        for item in config.get("dynamic_listeners", ()):
            item["active_state"]["version_info"] = "another"
            item["active_state"]["listener"].get("filter_chains", []).reverse()
        for item in config.get("dynamic_endpoint_configs", ()):
            assignment = item["endpoint_config"]
            assignment["policy"] = {"overprovisioning_factor": 140}
            for locality in assignment.get("endpoints", ()):
                locality["locality"] = {}
                for endpoint in locality["lb_endpoints"]:
                    endpoint["endpoint"]["health_check_config"] = {}
    dump.write_text(json.dumps(data))
    assert main(["drift", "--config-dump", str(dump), "-f", str(files)]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"webapp-0.istioinaction ({dump}) runs what the files say\n")
    assert "the endpoints of 6 clusters are not compared: the files have no Pods" in text


def of_a_cluster(files: Path, capsys: pytest.CaptureFixture[str], addresses: str = "10.96.0.{}") -> Path:
    """The dump of a proxy in a cluster with the same objects: Kubernetes has assigned all addresses."""
    cluster = Path(shutil.copytree(files, files.parent / "cluster"))
    for number, name in enumerate(("catalog", "webapp", "gateway"), 1):
        given = [each.format(number) for each in addresses.split()]
        edit(cluster, f"{name}.yaml", "spec:\n", f"spec:\n  clusterIP: {given[0]}\n  clusterIPs: {given}\n")
    assert main(["compile", "-p", WEBAPP, "-o", "config-dump", "-f", str(cluster)]) == 0
    node = json.loads(capsys.readouterr().out)["configs"][0]["bootstrap"]["node"]
    proxy = files.parent / "node.json"
    own = "10.1.0.7,fd00:1::7" if ":" in addresses else "10.1.0.7"
    proxy.write_text(json.dumps({**node, "metadata": {**node["metadata"], "INSTANCE_IPS": own}}))
    assert main(["compile", "--node", str(proxy), "-o", "config-dump", "-f", str(cluster)]) == 0
    dump = files.parent / "dump.json"
    dump.write_text(re.sub(r"198\.18\.", "10.1.", capsys.readouterr().out))
    return dump


def test_addresses_that_the_files_do_not_have(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Addresses of Services and Pods that Kubernetes assigns are no drift. What differs otherwise still is."""
    dump = of_a_cluster(files, capsys)
    assert "10.96.0.3_443" in dump.read_text()
    assert main(["drift", "--config-dump", str(dump), "-f", str(files)]) == 0, capsys.readouterr().out
    capsys.readouterr()
    edit(files, "catalog.yaml", "exact: v2", "exact: v3")
    assert main(["drift", "--config-dump", str(dump), "-o", "json", "-f", str(files)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [(each["type"], each["name"]) for each in found["drift"]] == [("routes", "80")]
    assert len(found["assumed"]) == 6


@pytest.mark.parametrize("families", ["fd00:10:96::{}", "10.96.0.{} fd00:10:96::{}", "fd00:10:96::{} 10.96.0.{}"])
def test_addresses_of_both_families(families: str, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Services with an IPv6 address, or with two addresses, are no drift. What differs otherwise still is."""
    dump = of_a_cluster(files, capsys, families)
    assert families.split()[0].format(3) in dump.read_text()
    assert main(["drift", "--config-dump", str(dump), "-f", str(files)]) == 0, capsys.readouterr().out
    edit(files, "catalog.yaml", "exact: v2", "exact: v3")
    assert main(["drift", "--config-dump", str(dump), "-f", str(files)]) == 1


def test_a_changed_route(files: Path, dump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A match that the files have changed is named, with the line."""
    edit(files, "catalog.yaml", "exact: v2", "exact: v3")
    line = next(n for n, text in enumerate((files / "catalog.yaml").read_text().splitlines(), 1) if "exact: v3" in text)
    assert main(["drift", "--config-dump", str(dump), "-o", "json", "-f", str(files)]) == 1
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, json.loads((ROOT / "schemas" / "drift.json").read_text()))
    (resource,) = found["drift"]
    assert (resource["type"], resource["name"], resource["change"]) == ("routes", "80", "changed")
    field = resource["fields"][0]
    assert field["pointer"].endswith("/headers/0/stringMatch/exact")
    assert (field["running"], field["wanted"]) == ("v2", "v3")
    assert [(Path(place["file"]).name, place["line"]) for place in field["places"]] == [("catalog.yaml", line)]


def test_resources_that_one_side_has(files: Path, dump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A subset that only one side has is a cluster that is not running, or is not in the files."""
    edit(files, "catalog.yaml", "- name: v1", "- name: v9")
    assert main(["drift", "--config-dump", str(dump), "-p", WEBAPP, "-f", str(files)]) == 1
    text = capsys.readouterr().out
    assert "clusters outbound|80|v9|catalog.istioinaction.svc.cluster.local is not running" in text
    assert "clusters outbound|80|v1|catalog.istioinaction.svc.cluster.local is not in the files" in text
    assert "catalog.yaml:" in text


def test_diff_compares_what_runs_with_the_files(files: Path, dump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A dump on either side is compared with the files on the other one. Two dumps are wrong usage."""
    assert main(["diff", str(dump), str(files)]) == 0
    assert "runs what the files say" in capsys.readouterr().out
    edit(files, "catalog.yaml", "exact: v2", "exact: v3")
    assert main(["diff", str(dump), str(files)]) == 2
    assert "catalog.yaml:" in capsys.readouterr().out
    assert main(["diff", str(dump), str(files), "--only", "clusters"]) == 0
    capsys.readouterr()
    assert main(["diff", str(files), str(dump)]) == 2
    assert 'running: "v2"' in capsys.readouterr().out
    assert main(["diff", str(dump), str(dump)]) == 1
    assert "are config dumps: compare each with files" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("markdown", '| `"v2"` | `"v3"` | `{place} spec.http[0].match[0].headers.x-dark-launch.exact` |'),
        ("html", '<code class="before">&quot;v2&quot;</code>'),
        ("github", "::warning file={file},line={line},title=meshcompile drift::routes 80 /virtualHosts/"),
    ],
)
def test_formats(form: str, expected: str, files: Path, dump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`drift` and `diff` print a drift for pull requests, browsers and GitHub Actions."""
    edit(files, "catalog.yaml", "exact: v2", "exact: v3")
    file = files / "catalog.yaml"
    line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if "exact: v3" in text)
    wanted = expected.format(place=f"{file}:{line}:15", file=file, line=line)
    assert main(["drift", "--config-dump", str(dump), "-o", form, "-f", str(files)]) == 1
    printed = capsys.readouterr().out
    assert wanted in printed
    assert main(["diff", str(dump), str(files), "-o", form]) == 2
    assert capsys.readouterr().out == printed


def test_a_dump_without_a_node(files: Path, dump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A dump without a bootstrap does not say whose it is."""
    data = json.loads(dump.read_text())
    dump.write_text(json.dumps({"configs": data["configs"][1:]}))
    assert main(["drift", "--config-dump", str(dump), "-f", str(files)]) == 2
    assert "name the proxy" in capsys.readouterr().err
    assert main(["drift", "--config-dump", str(dump), "-p", WEBAPP, "-f", str(files)]) == 0


def test_what_is_no_dump(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is no dump is unreadable input."""
    assert main(["drift", "--config-dump", str(files / "catalog.yaml"), "-f", str(files)]) == 3
    assert "this is no config dump" in capsys.readouterr().err


def test_explain_follows_what_runs(files: Path, dump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A proxy with a dump routes as the dump says, and not as the files do."""
    edit(files, "catalog.yaml", "exact: v2", "exact: v3")
    base = ["explain", "http://catalog/items", "--from", WEBAPP, "-H", "x-dark-launch: v2", "-o", "json"]
    clusters = []
    for more in ([], ["--config-dump", str(dump)]):
        assert main([*base, *more, "-f", str(files)]) == 0
        hop = json.loads(capsys.readouterr().out)["hops"][0]
        clusters.append([step["name"] for step in hop["steps"] if step["what"] == "cluster"])
    name = "outbound|80|{}|catalog.istioinaction.svc.cluster.local"
    assert clusters == [[name.format("v1")], [name.format("v2")]]


def test_explain_needs_a_proxy_of_the_mesh(files: Path, dump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A dump of a proxy that the files do not have is wrong usage."""
    dump.write_text(dump.read_text().replace("webapp", "stranger"))
    base = ["explain", "http://catalog/items", "--from", WEBAPP, "-f", str(files)]
    assert main([*base, "--config-dump", str(dump)]) == 2
    assert "stranger" in capsys.readouterr().err
