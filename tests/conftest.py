from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.envoy.binary import envoy_path

SKIP_ENVOY = "MESHCOMPILE_SKIP_ENVOY"

# No test depends on the speed of the machine. Runs of one version of the code use the same examples, so that a failure
# is due to a change; `make property` looks for new ones.
_ANY_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", _ANY_MACHINE, derandomize=True)
settings.register_profile("new-examples", _ANY_MACHINE, print_blob=True)
settings.load_profile("repeatable")


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
