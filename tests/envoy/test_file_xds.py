"""File xDS: a real Envoy that follows the files of `meshcompile watch`."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.envoy.followed import NODE, Scenario, running_command
from tests.envoy.runner import running

pytestmark = pytest.mark.envoy


def test_an_envoy_follows_the_files(tmp_path: Path) -> None:
    """Routes, subsets, endpoints, listeners and secrets change while Envoy runs; what it refuses changes nothing."""
    node, out = tmp_path / "node.json", tmp_path / "out"
    node.write_text(json.dumps(NODE))
    with ExitStack() as stack:
        scenario = Scenario(tmp_path, stack)
        arguments = ("watch", "-f", scenario.mesh.path, "--node", node, "--output-dir", out)
        command = stack.enter_context(running_command(*arguments))
        command.prints("watching")
        scenario.plays(stack.enter_context(running(out / "front-0.edge" / "bootstrap.json")))
        scenario.breaks()
        command.prints("the files stay as they are")
        assert scenario.backend(scenario.plain) == "v1"
