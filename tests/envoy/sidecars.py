"""Real sidecars without iptables. Connections have their original destination in a PROXY protocol header."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import meshcompile
from tests.envoy.certificates import Authority, KeyPair
from tests.envoy.runner import Envoy, on_free_ports, running

Json = dict[str, Any]
PROXY_PROTOCOL = {
    "name": "envoy.filters.listener.proxy_protocol",
    "typedConfig": {
        "@type": "type.googleapis.com/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol",
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
    """An upstream Envoy with the compiled configuration of the proxy."""
    with running(sidecar_bootstrap(mesh.compile(proxy), endpoints=endpoints, certificates=certificates)) as envoy:
        yield envoy


def sidecar_bootstrap(
    config: meshcompile.Config, *, endpoints: Mapping[str, str] | None = None, certificates: Path | None = None
) -> Json:
    """The bootstrap of a sidecar that reads original destinations from the PROXY protocol."""
    folder = "" if certificates is None else str(certificates)
    bootstrap = config.bootstrap(endpoints=endpoints, workload_certificates=folder).to_dict()
    return read_by_header(on_free_ports(bootstrap))


def read_by_header(content: Json) -> Json:
    """The sidecar's bootstrap with a PROXY protocol filter instead of iptables' original destination."""
    listeners = [_read_by_header(listener) for listener in content["staticResources"]["listeners"]]
    return {**content, "staticResources": {**content["staticResources"], "listeners": listeners}}


def _read_by_header(listener: Json) -> Json:
    if listener["name"] not in ("virtualInbound", "virtualOutbound"):
        return listener
    others = [f for f in listener.get("listenerFilters", ()) if f["name"] != "envoy.filters.listener.original_dst"]
    return {**listener, "listenerFilters": [PROXY_PROTOCOL, *others]}


def workload_certificates(folder: Path, authority: Authority, identity: str) -> KeyPair:
    """The folder with the files that Istio's agent writes, for the SPIFFE identity."""
    folder.mkdir(parents=True, exist_ok=True)
    pair = authority.issue(identity)
    (folder / "cert-chain.pem").write_text(pair.certificate)
    (folder / "key.pem").write_text(pair.private_key)
    (folder / "root-cert.pem").write_text(authority.certificate)
    return pair


def documents(*objects: Json) -> str:
    """The objects as YAML text."""
    return "\n---\n".join(map(json.dumps, objects)) + "\n"
