"""Changes and restarts under a steady client, in the real Envoy: a short sample of `make conformance-xds`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.serve.steady import steady

pytestmark = pytest.mark.envoy


def test_no_request_fails(tmp_path: Path) -> None:
    """No request fails through changes of routes, clusters and endpoints and a restart of the server."""
    client = steady(tmp_path, "delta", changes=8, restarts=1)
    assert client.sent > 100
    assert client.failed == []
