from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.envoy.binary import envoy_path

SKIP_ENVOY = "MESHCOMPILE_SKIP_ENVOY"

# No test depends on the speed of the machine.
settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests with the real Envoy always run, unless the environment disables them."""
    if os.environ.get(SKIP_ENVOY) == "1":
        for item in items:
            if "envoy" in item.keywords:
                item.add_marker(pytest.mark.skip(reason=f"{SKIP_ENVOY}=1"))


@pytest.fixture(scope="session")
def envoy() -> Path:
    """The real Envoy. A test that requests it is marked `envoy`."""
    return envoy_path()
