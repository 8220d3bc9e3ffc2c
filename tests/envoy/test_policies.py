"""The evaluator of policies against the real Envoy: same rules, same requests, same decisions."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

import meshcompile
from meshcompile.emit.filters.http import jwt_authn, rbac
from meshcompile.envoy.message import TYPE_URL, to_builtins
from meshcompile.ports import Protocol
from meshcompile.resolve.http_connection import HttpConnection, http_traits
from meshcompile.resolve.traffic import TrafficClass
from meshcompile.tools.policies import Guard, Outcome, Request, decision, guard_of
from tests.envoy import generated_policies as generated
from tests.envoy.certificates import Authority
from tests.envoy.client import proxy_header
from tests.envoy.runner import running
from tests.meshes import sidecar, view

SETS, CONNECTIONS, REQUESTS = 40, 10, 50
STATUS = {200: Outcome.ALLOWED, 403: Outcome.DENIED, 401: Outcome.UNAUTHENTICATED}
ROUTER = {
    "name": "envoy.filters.http.router",
    "typedConfig": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
}


@dataclass(frozen=True)
class Guarded:
    """A set of policies: compiled for the evaluator, and as filters for Envoy."""

    guard: Guard
    filters: list[dict[str, Any]]


def guarded(objects: list[dict[str, Any]]) -> Guarded:
    mesh = meshcompile.load(objects, mesh_config={"trustDomainAliases": ["old"]})
    assert not [d for d in mesh.diagnostics if d.rejected], mesh.diagnostics
    asked = view(mesh, sidecar())
    traits = http_traits(asked, TrafficClass.SIDECAR_INBOUND)
    connection = HttpConnection(traits, stat_prefix="", protocol=Protocol.HTTP, port=80)
    made = (*jwt_authn.filters(connection), *rbac.filters(connection))
    return Guarded(guard_of(asked), [to_builtins(each) for each in made])


def listener(name: str, filters: list[dict[str, Any]], tls: dict[str, Any]) -> dict[str, Any]:
    """A listener as a sidecar's, which answers every request that its filters let through."""
    answer = {"match": {"prefix": "/"}, "directResponse": {"status": 200}}
    manager = {
        "@type": f"{TYPE_URL}envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "statPrefix": name,
        "useRemoteAddress": False,
        "httpFilters": [*filters, ROUTER],
        "routeConfig": {"virtualHosts": [{"name": "all", "domains": ["*"], "routes": [answer]}]},
    }
    inspectors = {
        "proxy_protocol": "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol",
        "tls_inspector": "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
    }
    return {
        "name": name,
        "address": {"socketAddress": {"address": "127.0.0.1", "portValue": 0}},
        "listenerFilters": [
            {"name": key, "typedConfig": {"@type": TYPE_URL + kind}} for key, kind in inspectors.items()
        ],
        "filterChains": [
            {
                "filters": [{"name": "http", "typedConfig": manager}],
                "transportSocket": {"name": "envoy.transport_sockets.tls", "typedConfig": tls},
            }
        ],
    }


def server_tls(authority: Authority, folder: Path) -> dict[str, Any]:
    """TLS that asks for a client certificate but does not insist."""
    certificate, key = authority.issue("shop.example").write(folder, "server")
    roots = folder / "roots.crt"
    roots.write_text(authority.certificate)
    return {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        "requireClientCertificate": False,
        "commonTlsContext": {
            "tlsCertificates": [
                {"certificateChain": {"filename": str(certificate)}, "privateKey": {"filename": str(key)}}
            ],
            "validationContext": {"trustedCa": {"filename": str(roots)}},
        },
    }


def connected(port: int, of: Request, clients: dict[str, ssl.SSLContext]) -> http.client.HTTPConnection:
    """A connection from the source, to the destination, with the identity of a generated one."""
    raw = socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(of.source, 0))
    raw.sendall(proxy_header(raw.getsockname(), (of.destination, of.port)))
    client = http.client.HTTPConnection("127.0.0.1", port)
    client.sock = clients[of.principal].wrap_socket(raw, server_hostname=of.server_name)
    return client


def answered(client: http.client.HTTPConnection, request: Request) -> int:
    client.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"host": request.authority, "content-length": "0", **request.headers}.items():
        client.putheader(name, value)
    client.endheaders()
    response = client.getresponse()
    response.read()
    return response.status


@pytest.mark.envoy
@pytest.mark.slow
def test_the_evaluator_decides_as_envoy(tmp_path: Path) -> None:
    """Twenty thousand random requests against random policies meet the same decision in Python and in Envoy."""
    random, keys, authority = Random(20261124), generated.Keys(), Authority()
    tokens = [keys.token(random) for _ in range(60)]
    sets = [
        guarded([*generated.policies(random), *([keys.authentication()] if random.random() < 0.8 else [])])
        for _ in range(SETS)
    ]
    tls = server_tls(authority, tmp_path)
    listeners = [listener(f"l{index}", each.filters, tls) for index, each in enumerate(sets)]
    clients = {
        principal: authority.client_context(tmp_path, authority.issue(principal) if principal else None)
        for principal in generated.PRINCIPALS
    }
    counted = dict.fromkeys(Outcome, 0)
    differences = []
    with running({"staticResources": {"listeners": listeners}}) as envoy:
        for index, each in enumerate(sets):
            port = envoy.listener_port(f"l{index}")
            for _ in range(CONNECTIONS):
                of = generated.connection(random)
                client = connected(port, of, clients)
                for _ in range(REQUESTS):
                    request = generated.request(random, of, tokens)
                    expected = decision(each.guard, request, time.time())
                    counted[expected.outcome] += 1
                    found = STATUS.get(answered(client, request))
                    if found is not expected.outcome:
                        differences.append((index, request, expected, found))
                client.close()
    assert not differences, (len(differences), json.dumps(sets[differences[0][0]].filters), differences[:3])
    assert all(counted[outcome] > 500 for outcome in STATUS.values())
