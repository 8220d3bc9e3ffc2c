"""Name tables (NDS), which Istio's agent asks for if it answers DNS itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from meshcompile.serve.xds_resources import NAMES
from tests.serve.running import running, write
from tests.serve.xds_client import XdsClient, connected, node

WEB = "web.shop.svc.cluster.local"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "mesh"
    path.mkdir()
    write(path, "web")
    return path


def hosts(response: dict[str, Any]) -> dict[str, Any]:
    """The table of a response: one resource without a name."""
    (resource,) = response["resources"]
    table: dict[str, Any] = resource.get("resource", resource)["table"]
    return table


@pytest.mark.parametrize("protocol", ["delta", "sotw"])
def test_agents_get_names(protocol: str, folder: Path) -> None:
    """An agent gets all names when it asks, and again when one comes. The other types have nothing to say."""
    with running(folder) as server, connected(server.port) as channel:
        client = XdsClient(channel, node(DNS_CAPTURE="true"), protocol)
        client.subscribe(NAMES)
        service = {"ips": ["10.0.0.1"], "registry": "Kubernetes", "shortname": "web", "namespace": "shop"}
        assert hosts(client.take()) == {WEB: service}
        write(folder, "api", number=2)
        assert list(hosts(client.take())) == ["api.shop.svc.cluster.local", WEB]
        (stream,) = server.status("web-0.shop")["streams"]
        assert stream["types"].keys() == {"names"}
        client.close()


def test_agents_that_come_back_get_nothing_new(folder: Path) -> None:
    """With deltas, an agent says which table it has, and gets another one only after an edit."""
    with running(folder) as server, connected(server.port) as channel, connected(server.port) as other:
        first = XdsClient(channel, node(DNS_CAPTURE="true"))
        first.subscribe(NAMES)
        first.take()
        first.close()
        again = XdsClient(other, node(DNS_CAPTURE="true"))
        again.subscribe(NAMES, initialResourceVersions=first.has[NAMES])
        write(folder, "api", number=2)
        assert len(hosts(again.take())) == 2
        again.close()
