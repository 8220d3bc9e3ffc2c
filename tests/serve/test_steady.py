"""Changes and restarts under a steady client, in the real Envoy: a short sample of `make conformance-xds`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.serve.steady import steady

pytestmark = pytest.mark.envoy


@pytest.mark.parametrize("protocol", ["delta", "sotw"])
def test_no_request_fails(protocol: str, tmp_path: Path) -> None:
    """No request fails through changes of routes, clusters and endpoints, and a restart in which a cluster leaves."""
    client = steady(tmp_path, protocol, changes=5, restarts=1)
    assert client.sent > 100
    assert client.failed == []
