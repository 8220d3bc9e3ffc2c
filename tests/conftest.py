from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.envoy.binary import envoy_path

SKIP_ENVOY = "MESHCOMPILE_SKIP_ENVOY"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of the real Envoy run always, unless the environment says otherwise."""
    if os.environ.get(SKIP_ENVOY) == "1":
        for item in items:
            if "envoy" in item.keywords:
                item.add_marker(pytest.mark.skip(reason=f"{SKIP_ENVOY}=1"))


@pytest.fixture(scope="session")
def envoy() -> Path:
    """The real Envoy; a test that asks for it is marked `envoy`."""
    return envoy_path()
