"""Real sidecars without iptables: connections say by the PROXY protocol where they were meant to go."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import meshcompile
from tests.envoy.certificates import Authority, KeyPair
from tests.envoy.runner import Envoy, running

Json = dict[str, Any]
VIRTUAL = ("virtualOutbound", "virtualInbound")
PROXY_PROTOCOL = {
    "name": "envoy.filters.listener.proxy_protocol",
    "typedConfig": {
        "@type": "type.googleapis.com/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol",
        "allowRequestsWithoutProxyProtocol": True,
    },
}


@contextmanager
def running_sidecar(
    mesh: meshcompile.Mesh,
    proxy: meshcompile.Proxy | str,
    *,
    endpoints: Mapping[str, str] | None = None,
    certificates: Path | None = None,
) -> Iterator[Envoy]:
    """A plain Envoy with the compiled configuration of the proxy."""
    compiled = mesh.compile(proxy)
    folder = "" if certificates is None else str(certificates)
    with running(on_loopback(compiled.bootstrap(endpoints=endpoints, workload_certificates=folder).to_dict())) as envoy:
        yield envoy


def on_loopback(bootstrap: Json) -> Json:
    """The bootstrap with the two virtual listeners, as all that is bound, on free ports of loopback."""
    listeners = [_on_loopback(listener) for listener in bootstrap["staticResources"]["listeners"]]
    resources = {**bootstrap["staticResources"], "listeners": listeners, "clusters": _here(bootstrap)}
    return {**bootstrap, "staticResources": resources}


def _on_loopback(listener: Json) -> Json:
    if listener["name"] not in VIRTUAL:
        return {**listener, "bindToPort": False}
    others = [f for f in listener.get("listenerFilters", ()) if f["name"] != "envoy.filters.listener.original_dst"]
    here = {"address": {"socketAddress": {"address": "127.0.0.1", "portValue": 0}}}
    return {**listener, **here, "listenerFilters": [PROXY_PROTOCOL, *others]}


def _here(bootstrap: Json) -> list[Json]:
    """The clusters, with inbound connections from any address of this machine: 127.0.0.6 is Linux's alone."""
    clusters = bootstrap["staticResources"]["clusters"]
    return [{k: v for k, v in cluster.items() if k != "upstreamBindConfig"} for cluster in clusters]


def workload_certificates(folder: Path, authority: Authority, identity: str) -> KeyPair:
    """The folder's files as Istio's agent writes them, for the SPIFFE identity."""
    folder.mkdir(parents=True, exist_ok=True)
    pair = authority.issue(identity)
    (folder / "cert-chain.pem").write_text(pair.certificate)
    (folder / "key.pem").write_text(pair.private_key)
    (folder / "root-cert.pem").write_text(authority.certificate)
    return pair


def documents(*objects: Json) -> str:
    """The objects as YAML text."""
    return "\n---\n".join(map(json.dumps, objects)) + "\n"
