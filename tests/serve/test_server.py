"""The xDS server, tried with clients of our own: good ones, and bad ones beside them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from meshcompile.envoy.wire import encode_json
from meshcompile.errors import InvalidArgument
from meshcompile.serve.discovery import SERVICE
from meshcompile.serve.limits import ServeLimits
from meshcompile.serve.server import ServeSettings
from meshcompile.serve.tls import ReloadedCertificates, TlsFiles
from meshcompile.serve.xds_resources import CLUSTERS, ENDPOINTS, LISTENERS, ROUTES
from tests.envoy.certificates import Authority
from tests.serve.fuzz import fuzz
from tests.serve.running import SERVICE as WRITTEN
from tests.serve.running import RunningServer, running, write
from tests.serve.xds_client import METHODS, XdsClient, connected, node

PATIENCE = 60.0


def cluster(name: str, port: int) -> str:
    return f"outbound|{port}||{name}.shop.svc.cluster.local"


def arrives(client: XdsClient, name: str) -> None:
    """Take responses until the client has a cluster."""
    client.until(lambda response: name in client.has[CLUSTERS])


def eventually(condition: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.02)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "mesh"
    path.mkdir()
    write(path, "web")
    return path


@pytest.fixture
def server(folder: Path) -> Iterator[RunningServer]:
    with running(folder) as started:
        yield started


def test_a_delta_client_gets_what_changes(server: RunningServer, folder: Path) -> None:
    """After an edit, a client gets the changed clusters and the removal of old ones, and nothing that stays."""
    with connected(server.port) as channel:
        client = XdsClient(channel, node())
        client.start()
        before = dict(client.has[CLUSTERS])
        write(folder, "api", number=2)
        response = client.until(lambda response: response["typeUrl"] == CLUSTERS)
        assert [each["name"] for each in response["resources"]] == [cluster("api", 80)]
        assert client.has[CLUSTERS].items() >= before.items()
        (folder / "api.yaml").unlink()
        client.until(lambda response: cluster("api", 80) in response.get("removedResources", ()))
        assert client.has[CLUSTERS] == before
        client.close()


def test_a_client_of_the_state_of_the_world_gets_all_clusters(server: RunningServer, folder: Path) -> None:
    """Without delta, a response has all clusters, and a rejection and its reason are on the status page."""
    with connected(server.port) as channel:
        client = XdsClient(channel, node(), "sotw")
        client.subscribe(CLUSTERS)
        first = client.take()
        write(folder, "api", number=2)
        second = client.next()
        assert len(second["resources"]) == len(first["resources"]) + 1
        assert second["versionInfo"] != first["versionInfo"]
        client.acknowledge(second, error="no, thank you")
        eventually(lambda: "no, thank you" in server.get("/status?proxy=web-0.shop")[1])
        (stream,) = server.status("web-0.shop")["streams"]
        assert stream["types"]["clusters"]["state"] == "rejected"
        assert stream["types"]["clusters"]["accepted"] == first["versionInfo"]
        assert 'pilot_total_xds_rejects_total{type="clusters"} 1.0' in server.get("/metrics")[1]
        client.close()


def test_only_proxies_whose_resources_change_get_a_push(server: RunningServer, folder: Path) -> None:
    """A service that is hidden from a namespace is pushed to the others alone."""
    with connected(server.port) as channel:
        here, there = XdsClient(channel, node("web-0.shop")), XdsClient(channel, node("job-0.other", "10.1.0.3"))
        for client in (here, there):
            client.start()
        hidden = write(folder, "api", number=2)
        text = hidden.read_text().replace(
            "namespace: shop}", "namespace: shop, annotations: {networking.istio.io/exportTo: .}}", 1
        )
        new = folder / ".new"
        new.write_text(text)
        new.rename(hidden)
        here.until(lambda response: response["typeUrl"] == CLUSTERS)
        write(folder, "last", number=3)
        response = there.until(lambda response: response["typeUrl"] == CLUSTERS)
        assert [each["name"] for each in response["resources"]] in ([cluster("last", 80)], [cluster("api", 80)])
        for client in (here, there):
            client.close()


def test_replicas_agree(folder: Path) -> None:
    """A client that changes to another server with the same input gets nothing, and after an edit only the change."""
    with running(folder) as one, running(folder) as other:
        with connected(one.port) as channel:
            client = XdsClient(channel, node())
            client.start()
            client.close()
        with connected(other.port) as channel:
            again = XdsClient(channel, node())
            again.has = client.has
            for type_url in (CLUSTERS, ENDPOINTS, LISTENERS):
                names = list(client.has[type_url]) if type_url == ENDPOINTS else []
                again.subscribe(type_url, resourceNamesSubscribe=names, initialResourceVersions=client.has[type_url])
            write(folder, "api", number=2)
            response = again.take()
            assert [each["name"] for each in response["resources"]] == [cluster("api", 80)]
            again.close()


def call(channel: Any, *requests: bytes, protocol: str = "delta") -> grpc.StatusCode:
    """The status with which the server ends a stream with these requests."""
    method = f"/{SERVICE}AggregatedDiscoveryService/{METHODS[protocol]}"
    stream = channel.stream_stream(method)(iter(requests), timeout=PATIENCE)
    try:
        for _ in stream:
            pass
    except grpc.RpcError:
        pass
    status: grpc.StatusCode = stream.code()
    return status


def delta(**request: Any) -> bytes:
    return encode_json(f"{SERVICE}DeltaDiscoveryRequest", request)


def test_bad_clients_hurt_nobody_else(folder: Path) -> None:
    """Garbage, missing nodes, floods, unknown types and sizes end one stream, and a good client gets its edits."""
    limits = ServeLimits(requests=10, request_size=100_000, names=50)
    code = grpc.StatusCode
    settings = ServeSettings("127.0.0.1:0", "127.0.0.1:0", limits=limits)
    with (
        running(folder, settings) as server,
        connected(server.port) as good_channel,
        connected(server.port) as channel,
    ):
        good = XdsClient(good_channel, node())
        good.start()
        assert call(channel, b"\xff\xff\xff garbage") is code.INVALID_ARGUMENT
        assert call(channel, delta(typeUrl=CLUSTERS)) is code.INVALID_ARGUMENT
        assert call(channel, delta(typeUrl=CLUSTERS, node={"id": "nobody"})) is code.INVALID_ARGUMENT
        first = delta(typeUrl="type.googleapis.com/nothing", node=node())
        assert call(channel, first, *[delta(typeUrl="x")] * 200) is code.RESOURCE_EXHAUSTED
        names = [f"name-{index}" for index in range(60)]
        assert call(channel, first, delta(typeUrl=ROUTES, resourceNamesSubscribe=names)) is code.RESOURCE_EXHAUSTED
        assert call(channel, first, b"x" * 200_000) is code.RESOURCE_EXHAUSTED
        write(folder, "api", number=2)
        good.until(lambda response: cluster("api", 80) in good.has[CLUSTERS])
        assert 'meshcompile_refused_streams_total{reason="malformed request"} 1.0' in server.get("/metrics")[1]
        good.close()


def test_streams_are_limited(folder: Path) -> None:
    """A stream too many is refused, and there is room again when another one ends."""
    settings = ServeSettings("127.0.0.1:0", "127.0.0.1:0", limits=ServeLimits(streams=2))
    with running(folder, settings) as server, connected(server.port) as channel, connected(server.port) as other:
        clients = [XdsClient(channel, node(address=f"10.1.0.{index}")) for index in (1, 2)]
        for client in clients:
            client.start()
        assert call(other, delta(typeUrl=CLUSTERS, node=node())) is grpc.StatusCode.RESOURCE_EXHAUSTED
        clients[0].close()
        eventually(lambda: len(server.status()["streams"]) == 1)
        last = XdsClient(other, node(address="10.1.0.3"))
        last.start()
        for client in (last, clients[1]):
            client.close()


def test_a_slow_reader_holds_back_only_itself(folder: Path) -> None:
    """A client that does not read is ended after a while. Another one gets every edit meanwhile."""
    for number in range(60):
        write(folder, f"svc-{number}", number=number + 10)
    settings = ServeSettings("127.0.0.1:0", "127.0.0.1:0", limits=ServeLimits(send_timeout=2))
    options = (("grpc.http2.lookahead_bytes", 1024), ("grpc.http2.bdp_probe", 0))
    with (
        running(folder, settings) as server,
        connected(server.port) as channel,
        connected(server.port, options=options) as lazy_channel,
    ):
        lazy = XdsClient(lazy_channel, node(address="10.1.0.8"), "sotw")
        lazy.subscribe(CLUSTERS)
        for _ in range(60):
            lazy.subscribe(CLUSTERS)  # every one is answered with all clusters
        good = XdsClient(channel, node())
        good.start()
        for port in (81, 82, 83):
            write(folder, "web", port=port)
            arrives(good, cluster("web", port))
        eventually(lambda: 'reason="slow reader"} 1.0' in server.get("/metrics")[1])
        good.close()


def test_a_client_that_asks_for_nothing_is_ended(folder: Path) -> None:
    """A stream that stays half open is ended, and a good client beside it gets its edits."""
    settings = ServeSettings("127.0.0.1:0", "127.0.0.1:0", limits=ServeLimits(first_request=0.5))
    with running(folder, settings) as server, connected(server.port) as channel, connected(server.port) as other:
        good = XdsClient(channel, node())
        good.start()
        silent = XdsClient(other, node(address="10.1.0.8"))
        assert ended(silent)
        assert silent.call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        write(folder, "web", port=81)
        arrives(good, cluster("web", 81))
        assert 'reason="no request"} 1.0' in server.get("/metrics")[1]
        good.close()


def test_a_file_that_is_half_written_waits(server: RunningServer, folder: Path) -> None:
    """A file that is read in the middle of a write changes nothing until it is complete."""
    with connected(server.port) as channel:
        client = XdsClient(channel, node())
        client.start()
        file = folder / "api.yaml"
        whole = WRITTEN.format(name="api", number=2, port=80)
        file.write_text(whole[: whole.index("podIP")] + "podIP: {")
        eventually(lambda: server.status()["refused"])
        assert server.status()["streams"][0]["types"]["clusters"]["state"] == "accepted"
        with file.open("w") as writing:
            writing.write(whole)
        arrives(client, cluster("api", 80))
        assert server.status()["refused"] == ""
        client.close()


def test_a_server_that_stops_ends_its_streams(folder: Path) -> None:
    """In the middle of pushes, a server that stops ends all streams, and then itself."""
    for number in range(40):
        write(folder, f"svc-{number}", number=number + 10)
    with running(folder) as server, connected(server.port) as channel:
        clients = [XdsClient(channel, node(address=f"10.2.0.{index}")) for index in range(20)]
        for client in clients:
            client.subscribe(CLUSTERS)
        clients[0].take()
        write(folder, "web", port=81)
        server.server.stop()
        assert all(ended(client) for client in clients)
        eventually(lambda: not server.thread.is_alive())


def ended(client: XdsClient) -> bool:
    """Read responses until the stream ends."""
    try:
        while client.next():
            pass
    except (StopIteration, grpc.RpcError):
        return True
    return False


def test_a_folder_that_vanishes_is_missed_by_nobody(server: RunningServer, folder: Path) -> None:
    """Without its input the server serves what it has, and follows again when the input is back."""
    with connected(server.port) as channel:
        client = XdsClient(channel, node())
        client.start()
        away = folder.with_name("away")
        folder.rename(away)
        eventually(lambda: "is gone" in server.status()["refused"])
        late = XdsClient(channel, node(address="10.1.0.7"))
        late.start()
        assert late.has[CLUSTERS].keys() >= {cluster("web", 80)}
        shutil.copytree(away, folder)
        write(folder, "api", number=2)
        client.until(lambda response: cluster("api", 80) in client.has[CLUSTERS])
        assert server.status()["refused"] == ""
        for each in (client, late):
            each.close()


def test_pages(server: RunningServer) -> None:
    """Probes, metrics and the status have a page each, and other paths say so."""
    assert server.get("/healthz") == (200, "ok\n")
    assert server.get("/readyz") == (200, "ok\n")
    assert "pilot_xds 0.0" in server.get("/metrics")[1]
    assert server.status() == {"ready": True, "refused": "", "streams": []}
    assert server.get("/nothing")[0] == 404


def identity(account: str, namespace: str = "shop") -> str:
    return f"spiffe://cluster.local/ns/{namespace}/sa/{account}"


def test_clients_show_who_they_are(folder: Path, tmp_path: Path) -> None:
    """With mutual TLS, a client gets the proxies of its namespace and service account; new certificates are read."""
    authority, later = Authority(), Authority("later")
    certificate, key = authority.issue("localhost").write(tmp_path, "server")
    authorities = tmp_path / "ca.pem"
    authorities.write_text(authority.certificate + later.certificate)
    tls = TlsFiles(certificate, key, authorities)

    def credentials(trusted: Authority, name: str = "") -> Any:
        pair = authority.issue(name) if name else None
        own = (pair.private_key.encode(), pair.certificate.encode()) if pair else (None, None)
        return grpc.ssl_channel_credentials(trusted.certificate.encode(), *own)

    with running(folder, ServeSettings("127.0.0.1:0", "127.0.0.1:0", tls)) as server:

        def status(asked: dict[str, Any], trusted: Authority, name: str = "") -> grpc.StatusCode:
            with connected(server.port, credentials(trusted, name)) as channel:
                return call(channel, delta(typeUrl=CLUSTERS, node=asked))

        mine = node(SERVICE_ACCOUNT="web")
        assert status(mine, authority, identity("web")) is grpc.StatusCode.OK
        assert status(mine, authority, identity("api")) is grpc.StatusCode.PERMISSION_DENIED
        assert status(mine, authority, identity("web", "other")) is grpc.StatusCode.PERMISSION_DENIED
        assert status(mine, authority) is grpc.StatusCode.UNAVAILABLE
        later.issue("localhost").write(tmp_path, "server")
        assert status(mine, later, identity("web")) is grpc.StatusCode.OK
        key.write_text("broken")
        assert status(mine, later, identity("web")) is grpc.StatusCode.OK


def test_certificates_that_do_not_fit_are_an_error(tmp_path: Path) -> None:
    """A server does not start with a key of another certificate."""
    authority = Authority()
    certificate, _ = authority.issue("localhost").write(tmp_path, "one")
    _, key = authority.issue("localhost").write(tmp_path, "other")
    with pytest.raises(InvalidArgument, match="the certificates cannot be used"):
        ReloadedCertificates(TlsFiles(certificate, key))


def test_an_address_in_use_is_an_error(server: RunningServer, folder: Path) -> None:
    """The command says which address it cannot use, and ends."""
    command = [sys.executable, "-m", "meshcompile", "serve", "-f", str(folder)]
    addresses = ["--address", f"127.0.0.1:{server.port}", "--status-address", "127.0.0.1:0"]
    done = subprocess.run([*command, *addresses], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert f"cannot listen at 127.0.0.1:{server.port}" in done.stderr


def test_the_surface_withstands_random_bytes() -> None:
    """A short run of the fuzzer: no stream ends with an internal error, and a good client gets all edits."""
    ended = fuzz(seconds=1.0, seed=1)
    assert sum(ended.values()) >= 50
    assert "INTERNAL" not in ended
