"""The compose files in examples/: valid, and in agreement with what their commands write."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.pages import ROOT
from tests.envoy.followed import running_command

COMPOSE = ROOT / "examples" / "compose"
FILES = tuple(sorted(COMPOSE.glob("*.yaml")))


def check(*files: Path) -> subprocess.CompletedProcess[str]:
    """Check files against the schema of the Compose specification."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    return subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)


def test_the_files_follow_the_schema(tmp_path: Path) -> None:
    """All files are valid for Docker Compose, and the check refuses one that is not."""
    assert len(FILES) == 2
    done = check(*FILES)
    assert done.returncode == 0, done.stdout
    broken = tmp_path / "compose.yaml"
    broken.write_text(FILES[0].read_text().replace("network_mode:", "network_modes:"))
    assert "network_modes" in check(broken).stdout


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_proxies_find_their_files_and_each_other(file: Path, tmp_path: Path) -> None:
    """The command writes the bootstraps that the proxies read, with services of the file as endpoints."""
    services = yaml.safe_load(file.read_text())["services"]
    arguments = [
        _on_this_machine(each, services["config"]["volumes"], tmp_path) for each in services["config"]["command"]
    ]
    with running_command(*arguments, "--envoy-dir=/envoy/xds") as command:
        command.prints("watching")
    proxies = [service for service in services.values() if str(service["image"]).startswith("envoyproxy/")]
    assert proxies
    for proxy in proxies:
        bootstrap = tmp_path / Path(proxy["command"][-1]).relative_to("/envoy")
        assert json.loads(bootstrap.read_text())["node"]["id"]
        wanted = set(_endpoints(json.loads((bootstrap.parent / "cds.json").read_text())))
        assert {name for name, _ in wanted} <= services.keys()
        served = {(name, port) for name, service in services.items() for port in _ports(service)}
        assert wanted & served
        assert {each for each in wanted - served if services[each[0]]["image"].startswith("traefik/")} == set()


def _on_this_machine(argument: str, volumes: list[str], folder: Path) -> str:
    """An argument of the command, with the mesh in the clone and the volume in a folder."""
    mesh = (COMPOSE / volumes[0].partition(":")[0]).resolve()
    return argument.replace("=/mesh", f"={mesh}").replace("=/envoy", f"={folder}")


def _endpoints(value: Any) -> Iterator[tuple[str, int]]:
    """The hosts and ports of the clusters that are resolved in DNS."""
    for cluster in value["resources"]:
        if cluster.get("type") == "STRICT_DNS":
            for locality in cluster["loadAssignment"]["endpoints"]:
                for endpoint in locality["lbEndpoints"]:
                    address = endpoint["endpoint"]["address"]["socketAddress"]
                    yield address["address"], address["portValue"]


def _ports(service: dict[str, Any]) -> Iterator[int]:
    """The ports that an echo server listens at."""
    for argument in service.get("command", ()):
        if argument.startswith("--port="):
            yield int(argument.removeprefix("--port="))
